//! Every promise of the port, held with merges at the defaults and with merges all the time.

use std::sync::Arc;

use tempfile::TempDir;
use watershed_core::ports::EventLog;
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::event_log::{self, LogFixture};

struct Folder {
    dir: TempDir,
    options: Options,
}

impl LogFixture for Folder {
    async fn open(&self) -> Arc<dyn EventLog> {
        Sqlite::open(self.dir.path(), self.options.clone()).unwrap().log()
    }
}

fn folder(options: &Options) -> Folder {
    Folder { dir: tempfile::tempdir().unwrap(), options: options.clone() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_the_port_is_kept() {
    let mut options = Options::default();
    options.wal = 0;
    event_log::run(|| folder(&options)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept_while_everything_is_merged_and_forgotten_at_once() {
    let mut options = Options::default();
    options.wal = 0;
    options.merge = 3;
    options.merge_after = std::time::Duration::from_millis(1);
    options.unmerged = 50;
    options.recent_events = 4;
    options.heads = 2;
    options.group = 5;
    event_log::run(|| folder(&options)).await;
}
