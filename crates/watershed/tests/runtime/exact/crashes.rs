//! `kill -9` in the middle of a story: what is there afterwards is the fold of the log, and becomes the whole of it.

use std::path::Path;
use std::time::Duration;

use proptest::prelude::*;
use watershed::prelude::*;

use super::story::{Played, Story, put_right, read_passed, story};
use super::yard::context;
use super::{ALONE, GROUP, defect, open, turn};
use crate::kills::{VICTIM, kill_after, start_victim};

/// The file that says so.
const MENDED: &str = "mended";

const TEST: &str = "exact::crashes::a_yard_that_goes_through_a_story_until_it_is_killed";

/// Not a test of its own: what the killed process does. Without the variable it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yard_that_goes_through_a_story_until_it_is_killed() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let folder = Path::new(&folder);
    let story: Story =
        serde_json::from_str(&std::fs::read_to_string(folder.join("story.json")).unwrap()).unwrap();
    read_passed(folder);
    // A defect that was mended does not come back for good: what has been folded without it would have to be forgotten.
    let is_defective = story.defective_at_first && !folder.join(MENDED).exists();
    let mut played = Played::begin(folder, is_defective).await;
    loop {
        played.take_all(&story.first).await;
        if is_defective {
            played.take_all(&story.then).await;
            std::fs::write(folder.join(MENDED), "").unwrap();
        } else {
            played.set_defective(true);
            played.record_all(&story.then).await;
        }
        played.mend().await;
        played.take_all(&story.last).await;
        if is_defective {
            break;
        }
    }
    std::future::pending::<()>().await;
}

async fn is_killed(story: &Story, waits: &[u64]) {
    let _turn = turn().await;
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("story.json"), serde_json::to_string(story).unwrap()).unwrap();
    for wait in waits {
        kill_after(start_victim(folder.path(), TEST), Duration::from_millis(*wait));
        defect(false);
        std::fs::write(folder.path().join(MENDED), "").unwrap();
        read_passed(folder.path());
        let opened = open(context(), folder.path()).await;
        opened.rest().await;
        // Somebody may have changed a row, and have been killed before it was put right.
        put_right(&opened).await;
        opened.assert_is_nearly_the_fold("after a kill").await;
        opened.assert_no_drift("after a kill").await;
        opened.retry_all().await;
        opened.assert_is_the_fold("when everything has been tried again").await;
        for view in [GROUP, ALONE] {
            opened.yard.rebuild_and_wait(&Principal::default(), view).await.unwrap();
        }
        opened.assert_is_the_fold("rebuilt").await;
        opened.yard.close().await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 250 } else { 3 },
        max_shrink_iters: 20,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_kill_in_the_middle_of_a_story_leaves_the_fold(
        story in story(12),
        waits in proptest::collection::vec(80..900_u64, 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(is_killed(&story, &waits));
    }
}
