use std::io::Write;
use std::sync::atomic::{AtomicU32, Ordering};

/// What the process ends with: an internal failure of the software.
const EXIT_CODE: i32 = 70;
/// How many threads may be given up.
const MOST: u32 = 2;

/// Counts a thread that was given up; whether the process is to end for it.
pub(crate) fn is_second() -> bool {
    static GIVEN_UP: AtomicU32 = AtomicU32::new(0);
    GIVEN_UP.fetch_add(1, Ordering::Relaxed) + 1 >= MOST
}

/// Ends the process, and says why, also where nobody listens to traces.
pub(crate) fn end_process(why: &str) -> ! {
    tracing::error!(why, "the process ends");
    // Where it cannot be said, it ends all the same.
    let _ = writeln!(std::io::stderr(), "watershed: the process ends: {why}");
    std::process::exit(EXIT_CODE)
}
