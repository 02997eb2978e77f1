//! Merges runs of one level into one of the next, a piece at a time.

use std::sync::Arc;

use super::block::Block;
use super::build::Build;
use super::file::{IndexFile, State};
use super::run::{Run, block_number};
use crate::log::lists::ListId;

/// So many blocks are written before other work gets its turn.
const PIECE: usize = 512;

/// So many positions of a list are held in memory at once.
const MOST: usize = 16_384;

/// Where the merge of some runs stands.
#[derive(Debug)]
pub(super) struct Compaction {
    sources: Vec<Source>,
    build: Option<Build>,
    level: u32,
    positions: Vec<u64>,
}

/// A run that is read from its start to its end.
#[derive(Debug)]
struct Source {
    run: Arc<Run>,
    block: usize,
    bytes: Vec<u8>,
    place: usize,
    /// The list of the next record; none at the end.
    next: Option<ListId>,
}

/// A block that is not what was written, as SQLite would say it of a page.
fn damaged() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

impl Source {
    fn open(run: Arc<Run>, file: &IndexFile) -> rusqlite::Result<Self> {
        let mut source = Self { run, block: 0, bytes: Vec::new(), place: 0, next: None };
        source.load(file)?;
        Ok(source)
    }

    fn number(&self) -> i64 {
        block_number(self.run.number, self.block)
    }

    /// Reads the block that it stands at.
    fn load(&mut self, file: &IndexFile) -> rusqlite::Result<()> {
        self.place = 0;
        self.bytes.clear();
        self.next = None;
        if self.block < self.run.fences.len() {
            let number = self.number();
            let mut statement = file.connection.prepare_cached(include_str!("sql/select_block.sql"))?;
            let mut rows = statement.query([number])?;
            let row = rows.next()?.ok_or_else(damaged)?;
            self.bytes.extend_from_slice(row.get_ref(0)?.as_blob()?);
            // Checked once; further looks at it know that it is whole.
            self.next = Block::read(number, &self.bytes).and_then(|block| block.list(0));
            self.next.ok_or_else(damaged)?;
        }
        Ok(())
    }

    /// Takes the next record off, its positions appended; answers with its version.
    fn take(&mut self, positions: &mut Vec<u64>, file: &IndexFile) -> rusqlite::Result<u64> {
        let block = Block::trusted(&self.bytes).ok_or_else(damaged)?;
        let record = block.record(self.place).ok_or_else(damaged)?;
        let version = record.version;
        record.positions(positions).ok_or_else(damaged)?;
        self.place += 1;
        self.next = block.list(self.place);
        if self.next.is_none() {
            self.block += 1;
            self.load(file)?;
        }
        Ok(version)
    }
}

impl Compaction {
    /// Begins to merge these runs, which follow on one another, into a run of that number.
    pub(super) fn new(runs: &[Arc<Run>], number: i64, file: &IndexFile) -> rusqlite::Result<Self> {
        let records = runs.iter().map(|run| run.records).sum();
        let level = runs.iter().map(|run| run.level).max().unwrap_or(0) + 1;
        let sources = runs.iter().map(|run| Source::open(run.clone(), file));
        let compaction = Self {
            sources: sources.collect::<rusqlite::Result<_>>()?,
            build: Some(Build::new(number, records)),
            level,
            positions: Vec::new(),
        };
        file.write_run(&compaction.unfinished(number), State::Building)?;
        Ok(compaction)
    }

    /// Says that the run's blocks are none's, until it is finished.
    fn unfinished(&self, number: i64) -> Run {
        let (after, until) = self.stretch();
        Run {
            number,
            level: self.level,
            after,
            until,
            records: 0,
            fences: Box::default(),
            filter: None,
            in_use: Arc::default(),
        }
    }

    fn stretch(&self) -> (u64, u64) {
        let after = self.sources.first().map_or(0, |source| source.run.after);
        (after, self.sources.last().map_or(0, |source| source.run.until))
    }

    /// The runs that it replaces.
    pub(super) fn sources(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.sources.iter().map(|source| &source.run)
    }

    /// The number of the run that it makes.
    pub(super) fn number(&self) -> Option<i64> {
        self.build.as_ref().map(Build::number)
    }

    /// Does some of the work, in a transaction of its own; gives the run when it is finished.
    pub(super) fn step(&mut self, file: &IndexFile) -> rusqlite::Result<Option<Run>> {
        file.transaction(|| {
            if !self.merge_some(file)? {
                return Ok(None);
            }
            let stretch = self.stretch();
            let Some(build) = self.build.take() else { return Ok(None) };
            let run = file.blocks(|write| build.finish(self.level, stretch, write))?;
            file.write_run(&run, State::Live)?;
            self.sources.iter().try_for_each(|source| file.retire_run(source.run.number))?;
            Ok(Some(run))
        })
    }

    /// True once everything has been merged.
    fn merge_some(&mut self, file: &IndexFile) -> rusqlite::Result<bool> {
        let Some(build) = &mut self.build else { return Ok(false) };
        let enough = build.blocks() + PIECE;
        file.blocks(|write| {
            while build.blocks() < enough {
                let Some(list) = self.sources.iter().filter_map(|source| source.next).min() else {
                    return Ok(true);
                };
                let mut version = 0;
                for source in &mut self.sources {
                    while source.next == Some(list) {
                        let first = self.positions.is_empty();
                        let taken = source.take(&mut self.positions, file)?;
                        version = if first { taken } else { version };
                        if self.positions.len() > MOST {
                            build.add(list, version, &self.positions, write)?;
                            self.positions.clear();
                        }
                    }
                }
                build.add(list, version, &self.positions, write)?;
                self.positions.clear();
            }
            Ok(false)
        })
    }
}
