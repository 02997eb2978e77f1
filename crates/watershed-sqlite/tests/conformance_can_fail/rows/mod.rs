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
    let mut checked = Vec::new();
    for (fault, words) in FAULTS {
        let mut found = Vec::new();
        // Whether a fault that shows in a race is met is a matter of luck.
        for _ in 0..crate::ATTEMPTS {
            found = broken(|| Folder::with(*fault), words).await;
            if !found.is_empty() {
                break;
            }
        }
        println!("{fault:?}: {found:#?}");
        checked.push((format!("{fault:?}: {words}"), found));
    }
    crate::are_found_out(&checked);
}

#[test]
fn every_promise_of_the_rows_is_broken_by_a_fault() {
    let words: Vec<_> = FAULTS.iter().map(|(_, words)| *words).collect();
    crate::covers(&promises(), &words);
}
