//! Connections: opened the same way everywhere, and refused where SQLite is weaker than what we promise.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::OpenError;

/// The oldest SQLite that we write with: before it, a reset of the write-ahead log could corrupt a database.
const OLDEST_SQLITE: i32 = 3_051_003;

/// The version of the SQLite that this program is built with: `3.54.1`.
#[must_use]
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

/// How durable a database's commits are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// A commit is on disk when it returns.
    Full,
    /// A commit may be undone by a power cut, never torn. For what can be made again from the log.
    Normal,
}

/// Opens (and makes) a database for writing: write-ahead log, that durability, no automatic checkpoints beyond `checkpoint_pages`.
pub(crate) fn open_writer(
    path: &Path,
    durability: Durability,
    checkpoint_pages: u32,
) -> Result<Connection, OpenError> {
    open_paged_writer(path, durability, checkpoint_pages, 4_096)
}

/// The same, with pages of so many bytes where the database is made by this.
pub(crate) fn open_paged_writer(
    path: &Path,
    durability: Durability,
    checkpoint_pages: u32,
    page: u32,
) -> Result<Connection, OpenError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(OpenError::OldSqlite { found: rusqlite::version().to_owned() });
    }
    let connection = Connection::open(path).map_err(|error| OpenError::store(path, &error))?;
    connection
        .pragma_update(None, "page_size", page)
        .and_then(|()| prepare(&connection, durability, checkpoint_pages))
        .map_err(|error| OpenError::store(path, &error))?;
    let journal: String = connection
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(|error| OpenError::store(path, &error))?;
    if journal != "wal" {
        return Err(OpenError::NotDurable {
            path: path.to_owned(),
            found: format!("journal_mode = {journal}"),
        });
    }
    let synchronous: i64 = connection
        .pragma_query_value(None, "synchronous", |row| row.get(0))
        .map_err(|error| OpenError::store(path, &error))?;
    if durability == Durability::Full && synchronous < 2 {
        return Err(OpenError::NotDurable {
            path: path.to_owned(),
            found: format!("synchronous = {synchronous}"),
        });
    }
    Ok(connection)
}

fn prepare(connection: &Connection, durability: Durability, checkpoint_pages: u32) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(10))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(
        None,
        "synchronous",
        if durability == Durability::Full { "full" } else { "normal" },
    )?;
    connection.pragma_update(None, "wal_autocheckpoint", checkpoint_pages)?;
    connection.pragma_update(None, "cache_size", -32_000)?;
    settle(connection)
}

/// What holds for every connection. A statement keeps the plan that it was prepared with: SQLite would otherwise prepare it
/// again whenever a bound value could give a better one, which costs ten times what our statements take.
fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(64);
    compare_decimals(connection)
}

/// Opens an existing database for reading.
pub(crate) fn open_reader(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection =
        Connection::open_with_flags(path, flags).map_err(|error| OpenError::store(path, &error))?;
    let ready = || -> rusqlite::Result<()> {
        connection.busy_timeout(Duration::from_secs(10))?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -16_000)?;
        settle(&connection)
    };
    ready().map_err(|error| OpenError::store(path, &error))?;
    Ok(connection)
}

/// Decimals are stored as exact text and compared as numbers, under the name that SQLite's own decimal extension uses.
fn compare_decimals(connection: &Connection) -> rusqlite::Result<()> {
    connection.create_collation("decimal", |left, right| {
        match (left.parse::<watershed_core::Decimal>(), right.parse::<watershed_core::Decimal>()) {
            (Ok(left), Ok(right)) => left.cmp(&right),
            // A text that is no decimal was written behind our back; any fixed order will do.
            _ => left.cmp(right),
        }
    })
}
