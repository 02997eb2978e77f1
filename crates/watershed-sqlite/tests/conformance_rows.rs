//! The rows on SQLite keep every promise of their port: those in files of their own, and those beside the log.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use tempfile::TempDir;
use watershed_core::ports::{GroupSpec, Later, RowError, RowGroup, RowStore, RowsBesideLog};
use watershed_sqlite::{Options, Sqlite, SqliteRows};
use watershed_testkit::conformance::beside_log::{self, BesideFixture, Pair};
use watershed_testkit::conformance::row_store::{self, RowsFixture};

/// Each group in a file of its own.
struct Views(TempDir);

impl RowsFixture for Views {
    async fn open(&self) -> Arc<dyn RowStore> {
        Arc::new(SqliteRows::open(self.0.path()).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept_in_files_of_their_own() {
    row_store::run(|| Views(tempfile::tempdir().unwrap())).await;
}

/// All groups in the log's database, before the log folds them itself.
struct BesideLog(TempDir);

impl BesideLog {
    fn folder(&self) -> Sqlite {
        let mut options = Options::default();
        options.wal = 0;
        Sqlite::open(self.0.path(), options).unwrap()
    }
}

impl RowsFixture for BesideLog {
    async fn open(&self) -> Arc<dyn RowStore> {
        Arc::new(Inline(self.folder()))
    }
}

struct Inline(Sqlite);

impl RowStore for Inline {
    fn open(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move { self.0.rows_beside_log().open_inline(group).await })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept_beside_the_log() {
    row_store::run(|| BesideLog(tempfile::tempdir().unwrap())).await;
}

impl BesideFixture for BesideLog {
    async fn open(&self) -> Pair {
        let folder = self.folder();
        (folder.log(), folder.rows_beside_log())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_commit_with_the_events() {
    beside_log::run(|| BesideLog(tempfile::tempdir().unwrap())).await;
}
