/// Has the calling thread, and those that it starts, run only where others leave the processor idle, more or less.
#[cfg(target_os = "linux")]
pub(super) fn lower_priority() {
    // On Linux this is about the thread, not the process. Where it is not allowed, all run alike.
    if let Err(error) = rustix::process::nice(10) {
        tracing::debug!(%error, "the thread's priority is not lowered");
    }
}

/// Elsewhere it would be about the whole process.
#[cfg(not(target_os = "linux"))]
pub(super) fn lower_priority() {}
