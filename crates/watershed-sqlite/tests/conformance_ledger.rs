//! What operators have decided, on SQLite: every promise of the ledger is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use tempfile::TempDir;
use watershed_core::ports::Ledger;
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::ledger::{self, LedgerFixture};

struct Folder(TempDir);

impl LedgerFixture for Folder {
    async fn open(&self) -> Arc<dyn Ledger> {
        let mut options = Options::default();
        options.wal = 0;
        Sqlite::open(self.0.path(), options).unwrap().ledger()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept() {
    ledger::run(|| Folder(tempfile::tempdir().unwrap())).await;
}
