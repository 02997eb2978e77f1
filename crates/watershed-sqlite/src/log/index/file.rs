use std::path::{Path, PathBuf};
use std::{fs, io};

use rusqlite::{Connection, OptionalExtension};
use watershed_core::ports::Snapshot;
use watershed_core::{LogIdentity, Position};

use super::postings;
use super::snapshots::snapshot_checksum;
use crate::OpenError;
use crate::connection::{Durability, open_writer};
use crate::log::lists::ListId;
use crate::log::row::{from_sql, to_sql};
use crate::log::tail::Run;

/// The number of the way in which the index is stored. Any other one is made again.
const FORMAT: u32 = 1;

/// How far the index has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Checkpoint {
    /// Every event up to here is in it.
    pub(crate) merged: Position,
    /// The checksum of the event there.
    pub(crate) checksum: u64,
}

/// The index, open for writing.
pub(crate) struct IndexFile {
    connection: Connection,
    identity: LogIdentity,
    positions: Vec<u8>,
}

impl IndexFile {
    /// Opens the index of the log `identity`, where `fits` says that it is that log's. Otherwise makes an empty one.
    pub(crate) fn open(
        path: &Path,
        identity: LogIdentity,
        fits: impl Fn(Checkpoint) -> bool,
    ) -> Result<(Self, Checkpoint), OpenError> {
        match Self::open_present(path, identity) {
            Ok((index, Some(checkpoint))) if fits(checkpoint) => return Ok((index, checkpoint)),
            // Closed before its files go: a connection that closes later would take the new ones along.
            Ok(other) => drop(other),
            Err(OpenError::Corrupt { .. }) => {}
            Err(error) => return Err(error),
        }
        // Only what the log can give again is thrown away here.
        tracing::info!(path = %path.display(), "the index is made again from the log");
        remove(path)
            .map_err(|error| OpenError::Store { path: path.to_owned(), problem: error.to_string() })?;
        let (mut index, _) = Self::open_present(path, identity)?;
        index.make().map_err(|error| OpenError::store(path, &error))?;
        Ok((index, Checkpoint::default()))
    }

    fn open_present(path: &Path, identity: LogIdentity) -> Result<(Self, Option<Checkpoint>), OpenError> {
        let index = Self {
            connection: open_writer(path, Durability::Normal, 4_000)?,
            identity,
            positions: Vec::new(),
        };
        let checkpoint = index.checkpoint().unwrap_or_else(|error| {
            tracing::debug!(%error, "the index does not say how far it has come");
            None
        });
        Ok((index, checkpoint))
    }

    fn checkpoint(&self) -> rusqlite::Result<Option<Checkpoint>> {
        let row = self.connection.query_row(include_str!("sql/select_state.sql"), [], |row| {
            let identity = (row.get::<_, [u8; 16]>(1)?, row.get::<_, u32>(2)?);
            let (merged, checksum) = (from_sql(row.get(3)?), from_sql(row.get(4)?));
            Ok((row.get::<_, u32>(0)?, identity, Checkpoint { merged, checksum }))
        });
        let Some((format, (log, epoch), checkpoint)) = row.optional()? else {
            return Ok(None);
        };
        let same = format == FORMAT && log == *self.identity.id.as_bytes() && epoch == self.identity.epoch;
        Ok(same.then_some(checkpoint))
    }

    fn make(&mut self) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        self.connection.execute_batch(include_str!("sql/create_state.sql"))?;
        self.connection.execute_batch(include_str!("sql/create_postings.sql"))?;
        self.connection.execute_batch(include_str!("sql/create_snapshots.sql"))?;
        self.write_checkpoint(Checkpoint::default())?;
        self.connection.execute_batch("COMMIT")
    }

    fn write_checkpoint(&self, checkpoint: Checkpoint) -> rusqlite::Result<()> {
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

    /// Adds these lists' runs, given by rising id, with the checkpoint that they bring the index to: all or nothing.
    pub(crate) fn merge(&mut self, lists: &[(ListId, Run)], checkpoint: Checkpoint) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let merged = self.add(lists).and_then(|()| self.write_checkpoint(checkpoint));
        self.finish(merged)
    }

    fn add(&mut self, lists: &[(ListId, Run)]) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(include_str!("sql/insert_postings.sql"))?;
        for (list, run) in lists {
            let (Some(first), Some(last)) = (run.positions.first(), run.positions.last()) else {
                continue;
            };
            self.positions.clear();
            postings::encode(&run.positions, &mut self.positions);
            statement.execute((
                list.to_bytes(),
                to_sql(*first),
                to_sql(*last),
                to_sql(run.version),
                run.positions.len() as i64,
                &self.positions[..],
            ))?;
        }
        Ok(())
    }

    /// Keeps these snapshots.
    pub(crate) fn save(&mut self, snapshots: &[(ListId, Snapshot)]) -> rusqlite::Result<()> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let saved = (|| {
            let mut statement = self.connection.prepare_cached(include_str!("sql/save_snapshot.sql"))?;
            for (list, snapshot) in snapshots {
                statement.execute((
                    list.to_bytes(),
                    to_sql(snapshot.version),
                    snapshot.meaning,
                    &snapshot.state[..],
                    to_sql(snapshot_checksum(*list, snapshot)),
                ))?;
            }
            Ok(())
        })();
        self.finish(saved)
    }

    fn finish(&self, done: rusqlite::Result<()>) -> rusqlite::Result<()> {
        let done = done.and_then(|()| self.connection.execute_batch("COMMIT"));
        if done.is_err() && !self.connection.is_autocommit() {
            // The failure that is reported is the first one.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        done
    }
}

fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(PathBuf::from(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
