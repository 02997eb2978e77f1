mod asking;
mod faults;
mod fixture;
mod listening;
mod loading;
mod mistakes;
mod moving;
mod writing;

use watershed_testkit::conformance::row_store::{broken, promises};

use self::faults::FAULTS;
use self::fixture::Folder;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_a_row_store_is_found_out() {
    crate::every_fault_is_found_out(FAULTS, crate::IN_A_RACE, async |fault, words| {
        broken(|| Folder::with(fault), words).await
    })
    .await;
}

#[test]
fn every_promise_of_the_rows_is_broken_by_a_fault() {
    crate::covers(&promises(), FAULTS);
}
