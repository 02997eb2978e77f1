//! The rows on SQLite keep every promise of their port.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use tempfile::TempDir;
use watershed_core::ports::RowStore;
use watershed_sqlite::SqliteRows;
use watershed_testkit::conformance::row_store::{self, RowsFixture};

struct Folder(TempDir);

impl RowsFixture for Folder {
    async fn open(&self) -> Arc<dyn RowStore> {
        Arc::new(SqliteRows::open(self.0.path()).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_the_rows_is_kept() {
    row_store::run(|| Folder(tempfile::tempdir().unwrap())).await;
}
