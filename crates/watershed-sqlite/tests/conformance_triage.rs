//! The lines that imports could not take, on SQLite: every promise of their port is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use tempfile::TempDir;
use watershed_core::ports::Triage;
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::triage::{self, TriageFixture};

struct Folder(TempDir);

impl TriageFixture for Folder {
    async fn open(&self) -> Arc<dyn Triage> {
        let mut options = Options::default();
        options.wal = 0;
        Sqlite::open(self.0.path(), options).unwrap().triage()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept() {
    triage::run(|| Folder(tempfile::tempdir().unwrap())).await;
}
