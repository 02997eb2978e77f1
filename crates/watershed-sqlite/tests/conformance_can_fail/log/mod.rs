mod appending;
mod faults;
mod finding;
mod fixture;
mod reading;

use watershed_testkit::conformance::event_log::{broken, promises};

use self::faults::FAULTS;
use self::fixture::Folder;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_log_is_found_out() {
    crate::every_fault_is_found_out(FAULTS, crate::IN_A_RACE, async |fault, words| {
        broken(|| Folder::with(fault), words).await
    })
    .await;
}

#[test]
fn every_promise_of_the_log_is_broken_by_a_fault() {
    crate::covers(&promises(), FAULTS);
}
