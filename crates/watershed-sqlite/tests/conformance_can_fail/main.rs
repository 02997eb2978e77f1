//! The conformance suites can fail: stores that break one promise each, made of the real ones, and each is found out.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod beside;
mod editions;
mod ledger;
mod log;
mod rows;
mod triage;

use watershed_testkit::conformance::Broken;

/// How often a check may pass a fault by.
const ATTEMPTS: u32 = 5;

/// The faults must break what they are said to break.
#[track_caller]
fn are_found_out(checked: &[(String, Vec<Broken>)]) {
    let kept: Vec<_> =
        checked.iter().filter(|(_, broken)| broken.is_empty()).map(|(fault, _)| fault).collect();
    assert!(kept.is_empty(), "these faults were not found out: {kept:#?}");
}

/// Every promise must be broken by some fault, or nobody knows that its check can fail.
#[track_caller]
fn covers(promises: &[&str], words: &[&str]) {
    for words in words {
        assert!(promises.iter().any(|promise| promise.contains(words)), "no promise says {words:?}");
    }
    let unbroken: Vec<_> =
        promises.iter().filter(|promise| !words.iter().any(|words| promise.contains(words))).collect();
    assert!(unbroken.is_empty(), "no fault breaks these: {unbroken:#?}");
}
