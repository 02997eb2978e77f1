//! Connections for reading, used by whichever thread asks: a read takes microseconds, handing it over would take more.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rusqlite::{CachedStatement, Connection};
use watershed_core::ports::{LogError, NameCache};
use watershed_core::{Position, StoredEvent};

use super::index::IndexReader;
use super::pages::{Cursor, Pages};
use super::row::{ReadRow, read_row, store_error};
use super::shared::lock;
use crate::OpenError;
use crate::connection::open_reader;
use watershed_store::to_sql;

/// So many idle readers are kept.
const KEPT: usize = 8;

/// Readers that are not in use.
pub(crate) struct Readers {
    log_file: PathBuf,
    index_file: PathBuf,
    pages: Option<Arc<Pages>>,
    idle: Mutex<Vec<Reader>>,
}

impl std::fmt::Debug for Readers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Readers")
    }
}

impl Readers {
    /// Readers of these files; of the log's pages, where they can be read.
    pub(crate) fn new(log_file: PathBuf, index_file: PathBuf, pages: Option<Pages>) -> Self {
        Self { log_file, index_file, pages: pages.map(Arc::new), idle: Mutex::default() }
    }

    /// Whether rows are read from pages, too.
    #[cfg(test)]
    pub(crate) fn reads_pages(&self) -> bool {
        self.pages.is_some()
    }

    /// A reader of its own for somebody.
    pub(crate) fn open(&self) -> Result<Reader, OpenError> {
        Ok(Reader {
            log: open_reader(&self.log_file)?,
            pages: self.pages.clone().map(Cursor::new),
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

/// Reads the log's rows and the index.
pub(crate) struct Reader {
    log: Connection,
    /// What has been copied from the write-ahead log, faster.
    pages: Option<Cursor>,
    pub(crate) index: IndexReader,
    names: NameCache,
    columns: Vec<u8>,
}

/// Whoever goes through rows. A closure wants all of them.
pub(crate) trait Visit {
    /// Whether the row at `position` is to be read.
    fn wants(&mut self, position: Position) -> bool {
        let _ = position;
        true
    }

    /// Sees a row that it wants, and says whether to go on.
    fn see(&mut self, row: &ReadRow<'_>) -> Result<ControlFlow<()>, LogError>;
}

impl<F: FnMut(&ReadRow<'_>) -> Result<ControlFlow<()>, LogError>> Visit for F {
    fn see(&mut self, row: &ReadRow<'_>) -> Result<ControlFlow<()>, LogError> {
        self(row)
    }
}

/// Events that lie closer than this are likely to be in one page.
const CLOSE: Position = 12;
/// So many rows are left to SQLite at first where the pages do not give one; twice as many each time that they go on not to.
const FEW: Position = 4;
/// At most so many: a statement that stayed open for long would keep the write-ahead log from being used again.
const MANY: Position = 20_000;

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
        let read = self.rows(after, until, &mut |row: &ReadRow<'_>| {
            events.push(Arc::new(row.raw()?.to_stored(&mut names)?));
            Ok(ControlFlow::Continue(()))
        });
        self.names = names;
        read.map(|_| events)
    }

    /// The events at these positions, which rise.
    pub(crate) fn at(&mut self, positions: &[Position]) -> Result<Vec<Arc<StoredEvent>>, LogError> {
        let mut events = Vec::with_capacity(positions.len());
        // One transaction for all that SQLite is asked for: beginning one costs as much as reading a row.
        let mut begun = false;
        let read = self.each_at(positions, &mut begun, &mut events);
        // Whatever was read: whoever gets this reader next must not find it at this moment of the log.
        let ended = if begun { self.log.execute_batch("COMMIT") } else { Ok(()) };
        read?;
        ended.map_err(|error| store_error(&error))?;
        Ok(events)
    }

    fn each_at(
        &mut self,
        positions: &[Position],
        begun: &mut bool,
        events: &mut Vec<Arc<StoredEvent>>,
    ) -> Result<(), LogError> {
        for (place, position) in positions.iter().enumerate() {
            let Self { pages, names, columns, .. } = self;
            let close = positions.get(place + 1).is_some_and(|next| next - position < CLOSE);
            let record = pages.as_mut().and_then(|pages| match close {
                true => pages.record(*position),
                false => pages.record_alone(*position),
            });
            let event = match record.and_then(|record| record.verified(columns)) {
                Some(row) => row.raw()?.to_stored(names)?,
                None => {
                    if !*begun {
                        self.log.execute_batch("BEGIN").map_err(|error| store_error(&error))?;
                        *begun = true;
                    }
                    self.one_by_sql(*position, |row, names| row.raw()?.to_stored(names))?
                }
            };
            events.push(Arc::new(event));
        }
        Ok(())
    }

    /// Shows `see` the row at `position`.
    pub(crate) fn one<T>(
        &mut self,
        position: Position,
        see: impl FnOnce(&ReadRow<'_>) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let Self { pages, columns, .. } = self;
        let record = pages.as_mut().and_then(|pages| pages.record_alone(position));
        match record.and_then(|record| record.verified(columns)) {
            Some(row) => see(&row),
            None => self.one_by_sql(position, |row, _| see(row)),
        }
    }

    fn one_by_sql<T>(
        &mut self,
        position: Position,
        see: impl FnOnce(&ReadRow<'_>, &mut NameCache) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let mut statement = statement(&self.log, include_str!("sql/select_one.sql"))?;
        let mut rows = statement.query([to_sql(position)]).map_err(|error| store_error(&error))?;
        match rows.next().map_err(|error| store_error(&error))? {
            None => Err(missing(position)),
            Some(row) => see(&read_row(row, &mut self.columns)?, &mut self.names),
        }
    }

    /// Shows `visitor` the rows that it wants of those after `after` up to `until`, in order and without a hole, until it
    /// breaks off; answers with the last position that it came to.
    pub(crate) fn rows<V: Visit + ?Sized>(
        &mut self,
        after: Position,
        until: Position,
        visitor: &mut V,
    ) -> Result<Position, LogError> {
        let (mut last, mut by_sql) = (after, FEW);
        loop {
            let (came_to, flow) = self.rows_by_pages(last, until, visitor)?;
            if flow.is_break() || came_to >= until {
                return Ok(came_to);
            }
            by_sql = if came_to > last { FEW } else { MANY.min(by_sql * 2) };
            let (came_to, flow) = self.rows_by_sql(came_to, until.min(came_to + by_sql), visitor)?;
            if flow.is_break() || came_to >= until {
                return Ok(came_to);
            }
            last = came_to;
        }
    }

    /// As far as the pages go.
    fn rows_by_pages<V: Visit + ?Sized>(
        &mut self,
        after: Position,
        until: Position,
        visitor: &mut V,
    ) -> Result<(Position, ControlFlow<()>), LogError> {
        let Some(pages) = &mut self.pages else { return Ok((after, ControlFlow::Continue(()))) };
        for position in after + 1..=until {
            if !visitor.wants(position) {
                continue;
            }
            let Some(record) = pages.record(position) else {
                return Ok((position - 1, ControlFlow::Continue(())));
            };
            let Some(row) = record.verified(&mut self.columns) else {
                return Ok((position - 1, ControlFlow::Continue(())));
            };
            if visitor.see(&row)?.is_break() {
                return Ok((position, ControlFlow::Break(())));
            }
        }
        Ok((until, ControlFlow::Continue(())))
    }

    fn rows_by_sql<V: Visit + ?Sized>(
        &mut self,
        after: Position,
        until: Position,
        visitor: &mut V,
    ) -> Result<(Position, ControlFlow<()>), LogError> {
        let mut statement = statement(&self.log, include_str!("sql/select_range.sql"))?;
        let mut rows =
            statement.query([to_sql(after), to_sql(until)]).map_err(|error| store_error(&error))?;
        let mut last = after;
        while let Some(row) = rows.next().map_err(|error| store_error(&error))? {
            let row = read_row(row, &mut self.columns)?;
            if row.event.position != last + 1 {
                return Err(LogError::Hole { after: last, found: row.event.position });
            }
            last = row.event.position;
            if visitor.wants(last) && visitor.see(&row)?.is_break() {
                return Ok((last, ControlFlow::Break(())));
            }
        }
        if last < until { Err(missing(last + 1)) } else { Ok((last, ControlFlow::Continue(()))) }
    }
}
