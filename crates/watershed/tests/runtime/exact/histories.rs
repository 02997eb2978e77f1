//! Random stories, restarts included: rows are the fold, rollups the `GROUP BY`, before and after everything that operators do.

use proptest::prelude::*;
use watershed::prelude::*;
use watershed::runtime::{EditionState, Verification};

use super::story::{Played, Story, story};
use super::yard::{PASSED, context, context_of_both};
use super::{ALONE, GROUP, turn};
use crate::troubles::until;

async fn live_through(story: &Story) {
    let _turn = turn().await;
    PASSED.write().unwrap().clear();
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::begin(folder.path(), story.defective_at_first).await;
    played.take_all(&story.first).await;
    played.opened().assert_is_the_fold("at first").await;
    played.opened().assert_no_drift("at first").await;
    if story.defective_at_first {
        played.take_all(&story.then).await;
        played.opened().assert_is_the_fold("with the defect").await;
        played.opened().assert_no_drift("with the defect").await;
    } else {
        played.set_defective(true);
        played.record_all(&story.then).await;
    }
    played.mend().await;
    played.opened().assert_is_nearly_the_fold("mended").await;
    played.opened().assert_no_drift("mended").await;
    played.take_all(&story.last).await;
    played.opened().assert_is_nearly_the_fold("after that").await;
    played.opened().assert_no_drift("after that").await;
    played.opened().retry_all().await;
    played.opened().assert_is_the_fold("when everything has been tried again").await;
    played.reopen(context()).await;
    played.opened().rest().await;
    played.opened().assert_is_the_fold("opened again").await;
    ship(&mut played, story).await;
    played.close().await;
}

async fn verified(yard: &Running, view: &str) -> Verification {
    let operator = Principal::default();
    let caught_up = || async {
        let editions = yard.editions(&operator, Some(view)).unwrap();
        editions.iter().any(|edition| edition.state == EditionState::CaughtUp)
    };
    until("the next version has caught up", caught_up).await;
    yard.verify(&operator, view, None).await.unwrap()
}

/// The next version is filled, cut over to, rolled back from and cut over to again, with events between all of these.
async fn ship(played: &mut Played, story: &Story) {
    let operator = Principal::default();
    played.reopen(context_of_both()).await;
    for view in [GROUP, ALONE] {
        played.opened().yard.backfill(&operator, view, None, None).await.unwrap();
    }
    played.record_all(&story.first).await;
    for _ in 0..2 {
        for view in [GROUP, ALONE] {
            let yard = &played.opened().yard;
            let verification = verified(yard, view).await;
            assert_eq!(verification.mismatches, 0, "{:?}", verification.listed);
            yard.cutover(&operator, view, None).await.unwrap();
        }
        played.record_all(&story.then).await;
        played.opened().assert_is_the_fold("cut over").await;
        for view in [GROUP, ALONE] {
            played.opened().yard.rollback(&operator, view, None).await.unwrap();
        }
        played.record_all(&story.last).await;
        // The earlier version goes on parking what it parks.
        played.opened().retry_all().await;
        played.opened().assert_is_the_fold("rolled back").await;
    }
    played.reopen(context_of_both()).await;
    played.opened().rest().await;
    played.opened().assert_is_the_fold("opened again, after a rollback").await;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 400 } else { 8 },
        max_shrink_iters: 400,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn rows_are_the_fold_whatever_fails_waits_and_is_mended(story in story(10)) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(live_through(&story));
    }
}
