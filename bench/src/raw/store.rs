use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, params};

use super::RawEvent;
use crate::error::Problem;

const CREATE_EVENTS: &str = include_str!("sql/create_events.sql");
const INSERT_EVENT: &str = include_str!("sql/insert_event.sql");
const FILL_EVENTS: &str = include_str!("sql/fill_events.sql");

/// The size, in MiB, that the write-ahead log is given before anything is measured: a file that grows makes every flush slower.
const WAL_MIB: i64 = 16;
/// Pages in the write-ahead log at which SQLite copies them into the database.
const CHECKPOINT_PAGES: u32 = 4_000;

/// A table of events on SQLite, durable at every commit, without any index.
pub(crate) struct RawStore {
    connection: Connection,
    path: PathBuf,
    position: i64,
}

impl RawStore {
    /// Makes the store in `dir`, with `synchronous = FULL` and a write-ahead log that has its size.
    pub(crate) fn create(dir: &Path) -> Result<Self, Problem> {
        let path = dir.join("raw.db");
        let mut connection = Connection::open(&path)?;
        connection.pragma_update(None, "journal_mode", "wal")?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        connection.execute_batch(CREATE_EVENTS)?;
        grow_wal(&mut connection, &path)?;
        connection.pragma_update(None, "cache_size", -32_000)?;
        Ok(Self { connection, path, position: 0 })
    }

    /// Writes the events in one transaction. They are on disk when this returns.
    pub(crate) fn insert<'a>(
        &mut self,
        events: impl IntoIterator<Item = &'a RawEvent>,
    ) -> Result<(), Problem> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(INSERT_EVENT)?;
            let mut events = events.into_iter().peekable();
            while let Some(event) = events.next() {
                self.position += 1;
                let sixteen = event.sixteen_bytes();
                // One link a commit, 32 bytes, on its last event.
                let link = events.peek().is_none().then_some([sixteen, sixteen]);
                insert.execute(params![
                    self.position,
                    sixteen,
                    "default",
                    "family",
                    event.stream,
                    (event.number % 10_000).cast_signed(),
                    "coop.family.risk-score-updated",
                    1,
                    event.payload,
                    1_732_000_000_000_000 + self.position,
                    event.key,
                    sixteen,
                    event.number.cast_signed(),
                    link.as_ref().map(|link| link.as_flattened()),
                ])?;
            }
        }
        transaction.commit()?;
        Ok(())
    }

    /// Where the store lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

fn grow_wal(connection: &mut Connection, path: &Path) -> Result<(), Problem> {
    // With next to no cache, the pages of a large transaction go to the write-ahead log before it ends.
    connection.pragma_update(None, "cache_size", 10)?;
    let transaction = connection.transaction()?;
    {
        let mut fill = transaction.prepare(FILL_EVENTS)?;
        for position in 1..=WAL_MIB {
            fill.execute(params![position, 1 << 20])?;
        }
    }
    transaction.rollback()?;
    File::open(path.with_extension("db-wal"))?.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_write_ahead_log_has_its_size_and_the_database_is_empty() {
        let dir = tempfile::tempdir().unwrap();
        let store = RawStore::create(dir.path()).unwrap();
        let wal = std::fs::metadata(store.path().with_extension("db-wal")).unwrap();
        assert!(wal.len() >= WAL_MIB.cast_unsigned() << 20, "{}", wal.len());
        let rows: i64 =
            store.connection.query_row("SELECT count(*) FROM events", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0);
    }

    #[test]
    fn a_commit_is_durable() {
        let dir = tempfile::tempdir().unwrap();
        let store = RawStore::create(dir.path()).unwrap();
        let ask = |pragma: &str| -> String {
            store
                .connection
                .pragma_query_value(None, pragma, |row| {
                    row.get::<_, rusqlite::types::Value>(0).map(|value| format!("{value:?}"))
                })
                .unwrap()
        };
        assert_eq!(ask("journal_mode"), "Text(\"wal\")");
        assert_eq!(ask("synchronous"), "Integer(2)");
    }
}
