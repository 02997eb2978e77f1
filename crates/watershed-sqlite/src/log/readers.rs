//! Connections for reading, used by whichever thread asks: a read takes microseconds, handing it over would take more.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rusqlite::{CachedStatement, Connection};
use watershed_core::ports::{LogError, NameCache};
use watershed_core::{Position, StoredEvent};

use super::index::IndexReader;
use super::row::{ReadRow, from_sql, glance, read_row, store_error, to_sql};
use super::shared::lock;
use crate::OpenError;
use crate::connection::open_reader;

/// So many idle readers are kept.
const KEPT: usize = 8;

/// Readers that are not in use.
pub(crate) struct Readers {
    log_file: PathBuf,
    index_file: PathBuf,
    idle: Mutex<Vec<Reader>>,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readers")
    }
}

impl Readers {
    pub(crate) fn new(log_file: PathBuf, index_file: PathBuf) -> Self {
        Self { log_file, index_file, idle: Mutex::default() }
    }

    /// Has `act` go through a long part of the log. What it reads does not stay in memory: a mapping would count as this process's.
    pub(crate) fn pass_through<T>(
        &self,
        act: impl FnOnce(&mut Reader) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        self.with(|reader| {
            map(&reader.log, 0).map_err(|error| store_error(&error))?;
            let passed = act(reader);
            map(&reader.log, MAPPED).map_err(|error| store_error(&error))?;
            passed
        })
    }

    /// A reader of its own for somebody.
    pub(crate) fn open(&self) -> Result<Reader, OpenError> {
        Ok(Reader {
            log: open_mapped(&self.log_file)?,
            index: IndexReader::open(&self.index_file)?,
            names: NameCache::default(),
            columns: Vec::new(),
        })
    }

    /// Has `act` read with an idle reader, or a new one.
    pub(crate) fn with<T>(
        &self,
        act: impl FnOnce(&mut Reader) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let idle = lock(&self.idle).pop();
        let mut reader = match idle {
            Some(reader) => reader,
            None => self.open().map_err(|error| LogError::Store(error.to_string()))?,
        };
        let result = act(&mut reader);
        let mut idle = lock(&self.idle);
        if idle.len() < KEPT {
            idle.push(reader);
        }
        result
    }
}

/// How much of the log is read through memory, as far as SQLite goes: a stream's events lie far apart, and copying a page for
/// each of them would cost more than everything else. The log's file never shrinks, which is what a mapping must be able to rely on.
const MAPPED: i64 = 0x7fff_0000;

fn open_mapped(path: &Path) -> Result<Connection, OpenError> {
    let connection = open_reader(path)?;
    map(&connection, MAPPED).map_err(|error| OpenError::store(path, &error))?;
    Ok(connection)
}

fn map(connection: &Connection, bytes: i64) -> rusqlite::Result<()> {
    connection.pragma_update(None, "mmap_size", bytes)
}

/// Positions that lie no further apart than this are read in one go over what lies between them.
const DENSE: Position = 6;

/// Reads the log's rows and the index.
pub(crate) struct Reader {
    log: Connection,
    pub(crate) index: IndexReader,
    names: NameCache,
    columns: Vec<u8>,
}

fn missing(position: Position) -> LogError {
    LogError::Damaged { position, problem: "it is missing".to_owned() }
}

fn statement<'a>(log: &'a Connection, sql: &'static str) -> Result<CachedStatement<'a>, LogError> {
    log.prepare_cached(sql).map_err(|error| store_error(&error))
}

/// Shows `see` the rows after `after` up to `until`, each with the bytes that its checksum was taken over, until it breaks off.
pub(crate) fn each_row(
    log: &Connection,
    columns: &mut Vec<u8>,
    after: Position,
    until: Position,
    mut see: impl FnMut(&ReadRow<'_>, &[u8]) -> Result<ControlFlow<()>, LogError>,
) -> Result<(), LogError> {
    let mut statement = statement(log, include_str!("sql/select_range.sql"))?;
    let mut rows = statement.query([to_sql(after), to_sql(until)]).map_err(|error| store_error(&error))?;
    while let Some(row) = rows.next().map_err(|error| store_error(&error))? {
        let row = read_row(row, columns)?;
        if see(&row, columns)?.is_break() {
            return Ok(());
        }
    }
    Ok(())
}

impl Reader {
    /// The events after `after` up to `until`, at most `limit`, without a hole.
    pub(crate) fn range(
        &mut self,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Result<Vec<Arc<StoredEvent>>, LogError> {
        let until = until.min(after.saturating_add(limit as u64));
        let mut events = Vec::with_capacity(usize::try_from(until.saturating_sub(after)).unwrap_or(0));
        let mut names = std::mem::take(&mut self.names);
        let read = self.rows(after, until, |row| {
            events.push(Arc::new(row.raw()?.to_stored(&mut names)?));
            Ok(ControlFlow::Continue(()))
        });
        self.names = names;
        read.map(|()| events)
    }

    /// The events at these positions, which rise.
    pub(crate) fn at(&mut self, positions: &[Position]) -> Result<Vec<Arc<StoredEvent>>, LogError> {
        let mut events = Vec::with_capacity(positions.len());
        let close = |left: &Position, right: &Position| right - left <= DENSE;
        // One transaction for all of them: beginning one costs as much as reading a row.
        self.log.execute_batch("BEGIN").map_err(|error| store_error(&error))?;
        let read = positions.chunk_by(close).try_for_each(|near| self.near(near, &mut events));
        self.log.execute_batch("COMMIT").map_err(|error| store_error(&error))?;
        read.map(|()| events)
    }

    /// Appends the events at these positions, which lie close together.
    fn near(&mut self, positions: &[Position], events: &mut Vec<Arc<StoredEvent>>) -> Result<(), LogError> {
        let (Some(first), Some(last)) = (positions.first(), positions.last()) else {
            return Ok(());
        };
        let mut statement = statement(&self.log, include_str!("sql/select_range.sql"))?;
        let mut rows =
            statement.query([to_sql(first - 1), to_sql(*last)]).map_err(|error| store_error(&error))?;
        let mut wanted = positions.iter().copied();
        let mut next = wanted.next();
        while let Some(row) = rows.next().map_err(|error| store_error(&error))? {
            let position = row.get_ref(0).and_then(|cell| Ok(cell.as_i64()?));
            if position.map(from_sql).map_err(|error| store_error(&error))? != next.unwrap_or(0) {
                continue;
            }
            let row = read_row(row, &mut self.columns)?;
            events.push(Arc::new(row.raw()?.to_stored(&mut self.names)?));
            next = wanted.next();
        }
        next.map_or(Ok(()), |position| Err(missing(position)))
    }

    /// Shows `see` the row at `position`.
    pub(crate) fn one<T>(
        &mut self,
        position: Position,
        see: impl FnOnce(&ReadRow<'_>) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let mut statement = statement(&self.log, include_str!("sql/select_one.sql"))?;
        let mut rows = statement.query([to_sql(position)]).map_err(|error| store_error(&error))?;
        match rows.next().map_err(|error| store_error(&error))? {
            None => Err(missing(position)),
            Some(row) => see(&read_row(row, &mut self.columns)?),
        }
    }

    /// Shows `see` those rows after `after` up to `until` that are `wanted` by their tenant, category and stream, until it breaks
    /// off; answers with the last position that it came to. The others are neither read whole nor held against their checksums,
    /// but none may be missing.
    pub(crate) fn wanted_rows(
        &mut self,
        after: Position,
        until: Position,
        wanted: &mut dyn FnMut(&str, &str, &str) -> bool,
        mut see: impl FnMut(&ReadRow<'_>) -> Result<ControlFlow<()>, LogError>,
    ) -> Result<Position, LogError> {
        let mut statement = statement(&self.log, include_str!("sql/select_range.sql"))?;
        let mut rows =
            statement.query([to_sql(after), to_sql(until)]).map_err(|error| store_error(&error))?;
        let mut last = after;
        while let Some(row) = rows.next().map_err(|error| store_error(&error))? {
            let glance = glance(row);
            if glance.position != last + 1 {
                return Err(LogError::Hole { after: last, found: glance.position });
            }
            last = glance.position;
            let is_wanted =
                glance.stream.is_none_or(|(tenant, category, stream)| wanted(tenant, category, stream));
            if is_wanted && see(&read_row(row, &mut self.columns)?)?.is_break() {
                return Ok(last);
            }
        }
        if last < until { Err(missing(last + 1)) } else { Ok(last) }
    }

    /// Shows `see` the rows after `after` up to `until`, in order and without a hole, until it breaks off.
    pub(crate) fn rows(
        &mut self,
        after: Position,
        until: Position,
        mut see: impl FnMut(&ReadRow<'_>) -> Result<ControlFlow<()>, LogError>,
    ) -> Result<(), LogError> {
        let mut last = after;
        let mut broken_off = false;
        each_row(&self.log, &mut self.columns, after, until, |row, _| {
            if row.event.position != last + 1 {
                return Err(LogError::Hole { after: last, found: row.event.position });
            }
            last = row.event.position;
            let flow = see(row)?;
            broken_off = flow.is_break();
            Ok(flow)
        })?;
        if !broken_off && last < until {
            return Err(missing(last + 1));
        }
        Ok(())
    }
}
