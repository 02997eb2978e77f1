//! State in the user's own tables, on SQLite: every promise of its port is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::state_tables::{self, StateFixture, StateStores};

struct Folder(TempDir);

impl StateFixture for Folder {
    async fn open(&self) -> StateStores {
        let mut options = Options::default();
        options.wal = 0;
        let sqlite = Sqlite::open(self.0.path(), options).unwrap();
        StateStores { log: sqlite.log(), tables: sqlite.tables() }
    }

    async fn outside(&self, sql: &str) -> Result<(), String> {
        let connection = Connection::open(self.0.path().join("log.db")).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        connection.execute_batch(sql).map_err(|error| error.to_string())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept() {
    state_tables::run(|| Folder(tempfile::tempdir().unwrap())).await;
}
