//! `log.db`: made, opened, and held to what it says of itself.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension};
use uuid::Uuid;
use watershed_core::ports::LogError;
use watershed_core::{LogIdentity, Position};

use super::readers::each_row;
use super::row::store_error;
use crate::OpenError;
use crate::connection::{Durability, open_paged_writer};
use crate::files::wal_of;
use watershed_store::{Link, as_link, checksum, first_link, from_sql, next_link, to_sql, wrong_link};

/// The number of the way in which the log is stored. A program refuses a higher one.
const FORMAT: u32 = 1;

/// Larger pages than SQLite's own: read faster from end to end, and written as fast.
const PAGE: u32 = 8_192;

/// A log file that is open for writing.
pub(crate) struct LogFile {
    pub(crate) connection: Connection,
    pub(crate) identity: LogIdentity,
    /// The position of the last event.
    pub(crate) head: Position,
    /// The checksum of the last event; 0 where there is none.
    pub(crate) checksum: u64,
    /// The link of the last commit.
    pub(crate) link: Link,
}

/// Opens the log, or makes it, and checks its last commit.
pub(crate) fn open(path: &Path, wal: u64) -> Result<LogFile, OpenError> {
    let connection = open_paged_writer(path, Durability::Full, 0, PAGE)?;
    let store = |error: rusqlite::Error| OpenError::store(path, &error);
    // The state's tables are the user's own, and so are the references between them.
    connection.pragma_update(None, "foreign_keys", true).map_err(store)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(store)?;
    if tables == 0 {
        make(&connection).map_err(store)?;
    }
    let identity = read_identity(&connection, path)?;
    let head = last_position(&connection).map_err(store)?;
    let (link, checksum) =
        check_last_commit(&connection, identity, head).map_err(|error| corrupt(path, &error))?;
    grow_wal(&connection, path, wal).map_err(store)?;
    Ok(LogFile { connection, identity, head, checksum, link })
}

fn make(connection: &Connection) -> rusqlite::Result<()> {
    let identity = LogIdentity { id: Uuid::new_v4(), epoch: 1 };
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(include_str!("sql/create_meta.sql"))?;
    connection.execute_batch(include_str!("sql/create_events.sql"))?;
    connection.execute_batch(include_str!("sql/create_probe.sql"))?;
    connection.execute(
        include_str!("sql/insert_meta.sql"),
        (FORMAT, identity.id.as_bytes(), identity.epoch, to_sql(meta_checksum(FORMAT, identity))),
    )?;
    connection.execute_batch("COMMIT")?;
    // The file itself says what it is from now on, for whoever reads its pages.
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

fn meta_checksum(format: u32, identity: LogIdentity) -> u64 {
    let mut bytes = [0; 24];
    bytes[..4].copy_from_slice(&format.to_le_bytes());
    bytes[4..20].copy_from_slice(identity.id.as_bytes());
    bytes[20..].copy_from_slice(&identity.epoch.to_le_bytes());
    checksum(&bytes)
}

/// Which log it is. Refuses a newer format, and a row that is not what was written.
pub(crate) fn read_identity(connection: &Connection, path: &Path) -> Result<LogIdentity, OpenError> {
    let damaged = |problem: &str| OpenError::Corrupt { path: path.to_owned(), problem: problem.to_owned() };
    let row = connection
        .query_row(include_str!("sql/select_meta.sql"), [], |row| {
            Ok((
                row.get::<_, u32>(0)?,
                row.get::<_, [u8; 16]>(1)?,
                row.get::<_, u32>(2)?,
                row.get::<_, i64>(3)?,
            ))
        })
        .optional();
    let (format, id, epoch, sum) = match row {
        Ok(Some(row)) => row,
        Ok(None) => return Err(damaged("it does not say which log it is")),
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::Unknown) => {
            return Err(damaged(&format!("it is no log of Watershed ({error})")));
        }
        Err(error) => return Err(OpenError::store(path, &error)),
    };
    if format > FORMAT {
        return Err(OpenError::Newer { path: path.to_owned(), found: format, known: FORMAT });
    }
    let identity = LogIdentity { id: Uuid::from_bytes(id), epoch };
    if from_sql(sum) != meta_checksum(format, identity) {
        return Err(damaged("what it says of itself does not fit its checksum"));
    }
    Ok(identity)
}

pub(crate) fn last_position(connection: &Connection) -> rusqlite::Result<Position> {
    let last: Option<i64> =
        connection.query_row(include_str!("sql/select_last.sql"), [], |row| row.get(0))?;
    Ok(last.map_or(0, from_sql))
}

fn corrupt(path: &Path, error: &LogError) -> OpenError {
    OpenError::Corrupt { path: path.to_owned(), problem: error.to_string() }
}

/// Checks the events of the last commit and their link. Answers with the link, and the checksum of the last event.
fn check_last_commit(
    connection: &Connection,
    identity: LogIdentity,
    head: Position,
) -> Result<(Link, u64), LogError> {
    let first = first_link(identity.id.as_bytes());
    if head == 0 {
        return Ok((first, 0));
    }
    let before: Option<(i64, Vec<u8>)> = connection
        .query_row(include_str!("sql/select_group_before.sql"), [to_sql(head)], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(|error| store_error(&error))?;
    let (after, previous) = match before {
        None => (0, first),
        Some((position, link)) => (from_sql(position), as_link(from_sql(position), &link)?),
    };
    let (mut group, mut last, mut sum, mut link) = (Vec::new(), after, 0, Vec::new());
    each_row(connection, &mut Vec::new(), after, head, |row, columns| {
        if row.event.position != last + 1 {
            return Err(LogError::Hole { after: last, found: row.event.position });
        }
        last = row.event.position;
        group.extend_from_slice(columns);
        sum = row.checksum;
        link = row.link.unwrap_or_default().to_vec();
        Ok(ControlFlow::Continue(()))
    })?;
    let link = as_link(head, &link)?;
    if last != head || next_link(&previous, &group) != link {
        return Err(wrong_link(head));
    }
    Ok((link, sum))
}

/// Gives the write-ahead log its size at once: a commit that has to make its file longer is half as fast.
fn grow_wal(connection: &Connection, path: &Path, bytes: u64) -> rusqlite::Result<()> {
    let page: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let frame = u64::try_from(page).unwrap_or(4_096) + 24;
    let present = fs::metadata(wal_of(path)).map_or(0, |file| file.len());
    if present >= bytes {
        return Ok(());
    }
    connection.pragma_update(None, "synchronous", "off")?;
    // Each change of this number is a commit of one page.
    for number in 0..bytes / frame + 1 {
        connection.pragma_update(None, "user_version", i32::from(number % 2 == 0))?;
    }
    connection.pragma_update(None, "user_version", FORMAT)?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.query_row("PRAGMA wal_checkpoint(RESTART)", [], |_| Ok(()))
}
