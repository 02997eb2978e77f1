use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use super::StuckFold;

/// What the process ends with: an internal failure of the software.
const EXIT_CODE: i32 = 70;
/// How many folds may not return.
const MOST_FOLDS: usize = 2;
/// How many threads may be given up for them: one fold can be met again by whoever reads, or by an operator who retries it.
const MOST_THREADS: usize = 8;

/// Counts a thread of this process that was given up; whether that is enough.
pub(crate) fn is_enough(fold: StuckFold) -> bool {
    static GIVEN_UP: Mutex<BTreeMap<StuckFold, usize>> = Mutex::new(BTreeMap::new());
    let mut given_up = GIVEN_UP.lock().unwrap_or_else(PoisonError::into_inner);
    *given_up.entry(fold).or_default() += 1;
    given_up.len() >= MOST_FOLDS || given_up.values().sum::<usize>() >= MOST_THREADS
}

/// Ends the process, and says why, also where nobody listens to traces.
pub(crate) fn end_process(why: &str) -> ! {
    tracing::error!(why, "the process ends");
    // Where it cannot be said, it ends all the same.
    let _ = writeln!(std::io::stderr(), "watershed: the process ends: {why}");
    std::process::exit(EXIT_CODE)
}
