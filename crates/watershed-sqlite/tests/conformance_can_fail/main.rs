//! The conformance suites can fail: stores that break one promise each, made of the real ones, and each is found out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod beside;
mod editions;
mod ledger;
mod log;
mod rows;
mod state;
mod triage;

use std::fmt::Debug;

use watershed_testkit::conformance::Broken;

/// How often a check may pass a fault by that shows in a race: whether it is met is a matter of luck.
const IN_A_RACE: u32 = 25;

/// How often a check is run whose fault is always met.
const AT_ONCE: u32 = 1;

/// Each fault must break a promise that holds its words, by what `broken` says of it.
async fn every_fault_is_found_out<F: Copy + Debug>(
    faults: &[(F, &'static str)],
    attempts: u32,
    broken: impl AsyncFn(F, &'static str) -> Vec<Broken>,
) {
    let mut checked = Vec::new();
    for &(fault, words) in faults {
        let mut found = Vec::new();
        for _ in 0..attempts {
            found = broken(fault, words).await;
            if !found.is_empty() {
                break;
            }
        }
        println!("{fault:?}: {found:#?}");
        checked.push((format!("{fault:?}: {words}"), found));
    }
    let kept: Vec<_> =
        checked.iter().filter(|(_, broken)| broken.is_empty()).map(|(fault, _)| fault).collect();
    assert!(kept.is_empty(), "these faults were not found out: {kept:#?}");
}

/// Every promise must be broken by some fault, or nobody knows that its check can fail.
#[track_caller]
fn covers<F>(promises: &[&str], faults: &[(F, &str)]) {
    let words: Vec<_> = faults.iter().map(|(_, words)| *words).collect();
    for words in &words {
        assert!(promises.iter().any(|promise| promise.contains(words)), "no promise says {words:?}");
    }
    let unbroken: Vec<_> =
        promises.iter().filter(|promise| !words.iter().any(|words| promise.contains(words))).collect();
    assert!(unbroken.is_empty(), "no fault breaks these: {unbroken:#?}");
}
