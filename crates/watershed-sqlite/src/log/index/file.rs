//! The file itself: its tables, and what is read when it is opened.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row};
use watershed_core::{LogIdentity, Position};

use super::filter::Filter;
use super::run::{Run, block_number};
use crate::OpenError;
use crate::connection::{Durability, open_writer};
use crate::error::is_damage;
use crate::files;
use watershed_store::checksum;
use watershed_store::{from_sql, to_sql};

/// The number of the way in which the index is stored. Any other one is made again.
const FORMAT: u32 = 2;

/// How far the index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Checkpoint {
    /// Every event up to here is in it.
    pub(crate) merged: Position,
    /// The checksum of the event there: a log that holds another one is another log.
    pub(crate) checksum: u64,
}

/// What a run is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Building = 0,
    Live = 1,
    Dead = 2,
}

/// The index, open for writing.
#[derive(Debug)]
pub(super) struct IndexFile {
    pub(super) connection: Connection,
    path: PathBuf,
    identity: LogIdentity,
}

/// What an index held when it was opened.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) checkpoint: Checkpoint,
    pub(super) runs: Vec<Run>,
    /// Runs that were never finished, or have been replaced.
    pub(super) remains: Vec<i64>,
    /// The highest number of a run.
    pub(super) last: i64,
}

impl IndexFile {
    /// Opens the index of the log `identity`, where `fits` says that it is that log's. Otherwise makes an empty one.
    pub(super) fn open(
        path: &Path,
        identity: LogIdentity,
        fits: impl Fn(Checkpoint) -> bool,
    ) -> Result<(Self, Found), OpenError> {
        if !files::is_noted(path) {
            match Self::open_present(path, identity) {
                Ok((index, Some(found))) if fits(found.checkpoint) => return Ok((index, found)),
                // Closed before its files go: a connection that closes later would take the new ones along.
                Ok(other) => drop(other),
                Err(OpenError::Corrupt { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        // Only what the log can give again is thrown away here.
        tracing::info!(path = %path.display(), "the index is made again from the log");
        let failed =
            |error: io::Error| OpenError::Store { path: path.to_owned(), problem: error.to_string() };
        files::remove(path).map_err(failed)?;
        let (index, _) = Self::open_present(path, identity)?;
        index.make().map_err(|error| OpenError::store(path, &error))?;
        Ok((index, Found::default()))
    }

    fn open_present(path: &Path, identity: LogIdentity) -> Result<(Self, Option<Found>), OpenError> {
        let connection = open_writer(path, Durability::Normal, 4_000)?;
        let index = Self { connection, path: path.to_owned(), identity };
        let found = index.read().unwrap_or_else(|error| {
            tracing::debug!(%error, "the index does not say how far it has come");
            None
        });
        Ok((index, found))
    }

    fn read(&self) -> rusqlite::Result<Option<Found>> {
        let row = self.connection.query_row(include_str!("sql/select_state.sql"), [], |row| {
            let identity = (row.get::<_, [u8; 16]>(1)?, row.get::<_, u32>(2)?);
            let (merged, checksum) = (from_sql(row.get(3)?), from_sql(row.get(4)?));
            Ok((row.get::<_, u32>(0)?, identity, Checkpoint { merged, checksum }))
        });
        let Some((format, (log, epoch), checkpoint)) = row.optional()? else { return Ok(None) };
        if format != FORMAT || log != *self.identity.id.as_bytes() || epoch != self.identity.epoch {
            return Ok(None);
        }
        let mut found = Found { checkpoint, ..Found::default() };
        let mut statement = self.connection.prepare(include_str!("sql/select_runs.sql"))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            found.last = found.last.max(row.get(0)?);
            if row.get::<_, u32>(1)? == State::Live as u32 {
                let Some(run) = read_run(row)? else { return Ok(None) };
                found.runs.push(run);
            } else {
                found.remains.push(row.get(0)?);
            }
        }
        let end = found.runs.iter().try_fold(0, |end, run| (run.after == end).then_some(run.until));
        Ok((end == Some(checkpoint.merged)).then_some(found))
    }

    fn make(&self) -> rusqlite::Result<()> {
        self.transaction(|| {
            self.connection.execute_batch(include_str!("sql/create_state.sql"))?;
            self.connection.execute_batch(include_str!("sql/create_runs.sql"))?;
            self.connection.execute_batch(include_str!("sql/create_blocks.sql"))?;
            self.connection.execute_batch(include_str!("sql/create_snapshots.sql"))?;
            self.write_checkpoint(Checkpoint::default())
        })
    }

    pub(super) fn write_checkpoint(&self, checkpoint: Checkpoint) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(include_str!("sql/insert_state.sql"))?;
        statement.execute((
            FORMAT,
            self.identity.id.as_bytes(),
            self.identity.epoch,
            to_sql(checkpoint.merged),
            to_sql(checkpoint.checksum),
        ))?;
        Ok(())
    }

    pub(super) fn write_run(&self, run: &Run, state: State) -> rusqlite::Result<()> {
        let fences: Vec<u8> = run.fences.iter().flat_map(|fence| fence.to_le_bytes()).collect();
        let filter = run.filter.as_ref().map(Filter::to_bytes).unwrap_or_default();
        let sum = run_checksum(run, &fences, &filter);
        let mut statement = self.connection.prepare_cached(include_str!("sql/insert_run.sql"))?;
        statement.execute((
            run.number,
            state as u32,
            run.level,
            to_sql(run.after),
            to_sql(run.until),
            run.records as i64,
            fences,
            filter,
            to_sql(sum),
        ))?;
        Ok(())
    }

    /// Writes blocks, as the function that is given to `act`.
    pub(super) fn blocks<T>(
        &self,
        act: impl FnOnce(&mut dyn FnMut(i64, &[u8]) -> rusqlite::Result<()>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let mut statement = self.connection.prepare_cached(include_str!("sql/insert_block.sql"))?;
        act(&mut |number, data| statement.execute((number, data)).map(|_| ()))
    }

    pub(super) fn retire_run(&self, run: i64) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(include_str!("sql/retire_run.sql"))?;
        statement.execute((run, State::Dead as u32)).map(|_| ())
    }

    /// Forgets a run and its blocks.
    pub(super) fn delete_run(&self, run: i64) -> rusqlite::Result<()> {
        self.transaction(|| {
            let blocks = (block_number(run, 0), block_number(run + 1, 0));
            self.connection.prepare_cached(include_str!("sql/delete_blocks.sql"))?.execute(blocks)?;
            self.connection.prepare_cached(include_str!("sql/delete_run.sql"))?.execute([run])?;
            Ok(())
        })
    }

    /// All that `act` changes, or nothing of it.
    pub(super) fn transaction<T>(&self, act: impl FnOnce() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = act().and_then(|done| self.connection.execute_batch("COMMIT").map(|()| done));
        if done.is_err() && !self.connection.is_autocommit() {
            // The failure that is reported is the first one.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        if done.as_ref().is_err_and(is_damage) {
            self.mark_damaged();
        }
        done
    }

    pub(super) fn mark_damaged(&self) {
        mark_damaged(&self.path);
    }
}

/// The run of a row; none where it is not what was written.
fn read_run(row: &Row<'_>) -> rusqlite::Result<Option<Run>> {
    let (fences, filter) = (row.get_ref(6)?.as_blob()?, row.get_ref(7)?.as_blob()?);
    let halves = fences.as_chunks::<8>().0.iter().map(|half| u64::from_le_bytes(*half));
    let run = Run {
        number: row.get(0)?,
        level: row.get(2)?,
        after: from_sql(row.get(3)?),
        until: from_sql(row.get(4)?),
        records: usize::try_from(row.get::<_, i64>(5)?).unwrap_or(0),
        fences: halves.collect(),
        filter: Filter::from_bytes(filter),
        in_use: Arc::default(),
    };
    let whole = from_sql(row.get(8)?) == run_checksum(&run, fences, filter);
    Ok((whole && run.filter.is_some()).then_some(run))
}

fn run_checksum(run: &Run, fences: &[u8], filter: &[u8]) -> u64 {
    let mut bytes = Vec::with_capacity(64);
    for number in [from_sql(run.number), run.level.into(), run.after, run.until, run.records as u64] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(&checksum(fences).to_le_bytes());
    bytes.extend_from_slice(&checksum(filter).to_le_bytes());
    checksum(&bytes)
}

/// Has the index made again at the next start.
pub(super) fn mark_damaged(path: &Path) {
    if files::note_damage(path) {
        tracing::error!(path = %path.display(), "the index is damaged; it is made again at the next start");
    }
}
