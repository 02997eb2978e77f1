//! Editions of rows on SQLite, and those that were saved, keep every promise of their ports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use tempfile::TempDir;
use watershed_core::Position;
use watershed_core::ports::RowEditions;
use watershed_sqlite::SqliteRows;
use watershed_testkit::conformance::{row_editions, row_snapshots};

struct Folder(TempDir);

impl row_editions::EditionsFixture for Folder {
    async fn open(&self) -> Arc<dyn RowEditions> {
        Arc::new(SqliteRows::open(self.0.path()).unwrap())
    }

    /// As the `sqlite3` shell would: by the file that bears the group's name.
    async fn shown(&self, group: &str) -> Option<Position> {
        let name = match group {
            "a b" => "a%20b",
            "G" => "%47",
            other => other,
        };
        let file = self.0.path().join(format!("views/{name}.db"));
        let plain = rusqlite::Connection::open_with_flags(
            file,
            rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .ok()?;
        let position: i64 =
            plain.query_row("SELECT position FROM checkpoints", [], |row| row.get(0)).unwrap();
        Some(u64::try_from(position).unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_editions_is_kept() {
    row_editions::run(|| Folder(tempfile::tempdir().unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_saved_editions_is_kept() {
    row_snapshots::run(|| Folder(tempfile::tempdir().unwrap())).await;
}
