use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};

use rusqlite::{CachedStatement, Connection};
use watershed_core::ports::LogError;
use watershed_core::{Position, Version};

use super::block::{Block, Record};
use super::file::mark_damaged;
use super::run::{Run, block_number};
use crate::OpenError;
use crate::connection::open_reader;
use crate::error::is_damage;
use crate::log::lists::ListId;
use crate::log::row::store_error;
use crate::log::tail::After;

/// The index, open for reading.
pub(crate) struct IndexReader {
    connection: Connection,
    path: PathBuf,
}

impl Record<'_> {
    /// Whether its first event is not behind `after`.
    fn begins_by(&self, after: After) -> bool {
        match after {
            After::Position(after) => self.first <= after,
            After::Version(after) => self.version <= after,
        }
    }

    /// Whether all its events are up to `after`.
    fn ends_by(&self, after: After) -> Option<bool> {
        Some(match after {
            After::Position(after) => self.last()? <= after,
            After::Version(after) => self.version + self.count <= after + 1,
        })
    }
}

impl IndexReader {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self { connection: open_reader(path)?, path: path.to_owned() })
    }

    pub(super) fn statement(&self, sql: &'static str) -> Result<CachedStatement<'_>, LogError> {
        self.connection.prepare_cached(sql).map_err(|error| self.failed(&error))
    }

    /// Shows `see` the list's stretches in the run that reach behind `after`, older first, until it breaks off: the version
    /// of the first event, and the positions. The first stretch may begin before.
    pub(crate) fn stretches(
        &self,
        run: &Run,
        list: ListId,
        after: After,
        see: &mut dyn FnMut(Version, &[Position]) -> ControlFlow<()>,
    ) -> Result<(), LogError> {
        let mut blocks = run.blocks_of(list);
        blocks.start = self.start(run, list, after, blocks.clone())?;
        let mut positions = Vec::new();
        for block in blocks {
            let flow = self.block(run, block, |block| {
                for place in block.find(list) {
                    let record = block.record(place)?;
                    if record.ends_by(after)? {
                        continue;
                    }
                    positions.clear();
                    record.positions(&mut positions)?;
                    if see(record.version, &positions).is_break() {
                        return Some(ControlFlow::Break(()));
                    }
                }
                Some(ControlFlow::Continue(()))
            })?;
            if flow.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The block among these that the first stretch behind `after` is in.
    fn start(&self, run: &Run, list: ListId, after: After, blocks: Range<usize>) -> Result<usize, LogError> {
        let (mut low, mut high) = (blocks.start, blocks.end);
        while high.saturating_sub(low) > 2 {
            let middle = low.midpoint(high);
            let before = self.block(run, middle, |block| match block.find(list).next() {
                Some(place) => Some(block.record(place)?.begins_by(after)),
                // Two lists that share half of their ids, if that ever happens.
                None => Some(block.list(0)? < list),
            })?;
            (low, high) = if before { (middle, high) } else { (low, middle) };
        }
        Ok(low)
    }

    /// The first event of the list in the run: its version and position.
    pub(crate) fn oldest(&self, run: &Run, list: ListId) -> Result<Option<(Version, Position)>, LogError> {
        for block in run.blocks_of(list) {
            let found = self.block(run, block, |block| {
                let first = block.find(list).next().map(|place| block.record(place));
                Some(match first {
                    Some(record) => record.map(|record| (record.version, record.first)),
                    None => None,
                })
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The last event of the list in the run: its version and position.
    pub(crate) fn newest(&self, run: &Run, list: ListId) -> Result<Option<(Version, Position)>, LogError> {
        for block in run.blocks_of(list).rev() {
            let found = self.block(run, block, |block| {
                let Some(place) = block.find(list).next_back() else { return Some(None) };
                let record = block.record(place)?;
                Some(Some((record.version + record.count - 1, record.last()?)))
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Reads a block; `None` from `look` says that it is not what was written.
    fn block<T>(
        &self,
        run: &Run,
        block: usize,
        look: impl FnOnce(Block<'_>) -> Option<T>,
    ) -> Result<T, LogError> {
        let number = block_number(run.number, block);
        let mut statement = self.statement(include_str!("sql/select_block.sql"))?;
        let mut rows = statement.query([number]).map_err(|error| self.failed(&error))?;
        let row = rows.next().map_err(|error| self.failed(&error))?;
        let bytes = row.and_then(|row| row.get_ref(0).ok()).and_then(|cell| cell.as_blob().ok());
        let looked = bytes.and_then(|bytes| Block::read(number, bytes)).and_then(look);
        looked.ok_or_else(|| self.damaged())
    }

    /// What SQLite says, which may be that the file is not what it wrote.
    fn failed(&self, error: &rusqlite::Error) -> LogError {
        if is_damage(error) { self.damaged() } else { store_error(error) }
    }

    /// What is said of an index that is not what was written. It is made again when the log is opened the next time.
    pub(crate) fn damaged(&self) -> LogError {
        mark_damaged(&self.path);
        LogError::Store("the index is damaged. Start again: it is then made again from the log".to_owned())
    }
}
