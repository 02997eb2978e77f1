use std::sync::RwLock;

use watershed_core::ports::AppendError;

use super::shared::{read, write};

/// Whether the log takes writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Health {
    /// It does.
    #[default]
    Writable,
    /// It does not. Everything acknowledged is there and can be read.
    ReadOnly {
        /// Why.
        reason: String,
        /// Whether it takes writes again by itself once the reason is gone (a full disk has room again). Otherwise it must
        /// be opened again: after a failed flush nobody knows what the disk holds.
        resumes: bool,
    },
}

/// The present [`Health`], for the threads that change it and those that ask.
#[derive(Debug, Default)]
pub(crate) struct Standing(RwLock<Health>);

impl Standing {
    pub(crate) fn health(&self) -> Health {
        read(&self.0).clone()
    }

    /// What an append is refused with now, where it is.
    pub(crate) fn refusal(&self) -> Option<AppendError> {
        match &*read(&self.0) {
            Health::Writable => None,
            Health::ReadOnly { reason, .. } => Some(AppendError::ReadOnly(reason.clone())),
        }
    }

    /// Whether writing may be tried again.
    pub(crate) fn may_resume(&self) -> bool {
        matches!(*read(&self.0), Health::ReadOnly { resumes: true, .. })
    }

    /// Takes no writes from now on. A failure that needs a new opening is never taken back.
    pub(crate) fn stop(&self, failure: &rusqlite::Error) {
        let mut health = write(&self.0);
        if matches!(*health, Health::ReadOnly { resumes: false, .. }) {
            return;
        }
        let resumes = passes(failure);
        let reason = if resumes {
            format!("{failure}; writing is tried again every second")
        } else {
            format!(
                "{failure}; open the log again once the disk is sound. Whether the last commit is there is known then"
            )
        };
        tracing::error!(%reason, resumes, "the log takes no writes");
        *health = Health::ReadOnly { reason, resumes };
    }

    /// Takes writes again.
    pub(crate) fn resume(&self) {
        tracing::info!("the log takes writes again");
        *write(&self.0) = Health::Writable;
    }
}

/// Whether a failure has certainly left nothing behind and may pass by itself. A failed flush has not: the kernel may have
/// dropped what it could not write, and the next flush would succeed all the same.
fn passes(failure: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked, DiskFull};
    matches!(failure.sqlite_error_code(), Some(DiskFull | DatabaseBusy | DatabaseLocked))
}
