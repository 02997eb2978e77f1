use std::path::Path;
use std::sync::Arc;

use watershed_core::LogIdentity;
use watershed_core::ports::Snapshot;

use super::build::Build;
use super::compact::Compaction;
use super::file::{Checkpoint, Found, IndexFile, State};
use super::run::{Run, Runs};
use crate::OpenError;
use crate::error::is_damage;
use crate::log::lists::ListId;
use crate::log::tail::Layer;

/// So many runs of one level become one of the next.
const FAN: usize = 6;

/// Writes the index: runs, their merges, snapshots. There is one, of the thread behind the log.
#[derive(Debug)]
pub(crate) struct Keeper {
    pub(super) file: IndexFile,
    checkpoint: Checkpoint,
    /// Older first.
    runs: Vec<Arc<Run>>,
    /// Merges under way, of the lowest level first.
    compactions: Vec<Compaction>,
    /// Replaced runs that a reader may still hold.
    retired: Vec<Arc<Run>>,
    last: i64,
    /// The memory that filters may take, in bytes.
    memory: usize,
    /// Whether a run cannot be read: nothing is merged then until the index has been made again.
    damaged: bool,
}

impl Keeper {
    /// Opens the index of the log `identity`, where `fits` says that it is that log's. Otherwise makes an empty one.
    pub(crate) fn open(
        path: &Path,
        identity: LogIdentity,
        memory: usize,
        fits: impl Fn(Checkpoint) -> bool,
    ) -> Result<Self, OpenError> {
        let (file, Found { checkpoint, runs, remains, last }) = IndexFile::open(path, identity, fits)?;
        for run in remains {
            file.delete_run(run).map_err(|error| OpenError::store(path, &error))?;
        }
        let runs = runs.into_iter().map(Arc::new).collect();
        let (compactions, retired) = (Vec::new(), Vec::new());
        let mut keeper = Self { file, checkpoint, runs, compactions, retired, last, memory, damaged: false };
        keeper.spare_memory();
        Ok(keeper)
    }

    /// How far the index has come.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.checkpoint
    }

    /// The runs, for readers.
    pub(crate) fn runs(&self) -> Runs {
        self.runs.iter().cloned().collect()
    }

    /// Writes a layer out as a run, which brings the index to `checkpoint`: all or nothing.
    pub(crate) fn write_out(&mut self, layer: &Layer, checkpoint: Checkpoint) -> rusqlite::Result<()> {
        let number = self.last + 1;
        let stretch = (self.checkpoint.merged, checkpoint.merged);
        let run = self.file.transaction(|| {
            let mut build = Build::new(number, layer.lists());
            let run = self.file.blocks(|write| {
                layer.each_sorted(|list, version, positions| build.add(list, version, positions, write))?;
                build.finish(0, stretch, write)
            })?;
            self.file.write_run(&run, State::Live)?;
            self.file.write_checkpoint(checkpoint)?;
            Ok(run)
        })?;
        self.last = number;
        self.checkpoint = checkpoint;
        self.runs.push(Arc::new(run));
        self.spare_memory();
        Ok(())
    }

    /// Does a piece of the merging that is due; `None` where nothing is. True where the runs have changed.
    pub(crate) fn compact(&mut self) -> rusqlite::Result<Option<bool>> {
        if self.damaged {
            return Ok(None);
        }
        let done = self.compact_piece();
        if done.as_ref().is_err_and(is_damage) {
            self.damaged = true;
            self.file.mark_damaged();
        }
        done
    }

    fn compact_piece(&mut self) -> rusqlite::Result<Option<bool>> {
        self.sweep()?;
        self.begin_due()?;
        let Some(compaction) = self.compactions.first_mut() else { return Ok(None) };
        match compaction.step(&self.file) {
            Ok(None) => Ok(Some(false)),
            Ok(Some(run)) => {
                let done = self.compactions.remove(0);
                self.replace(&done, run);
                Ok(Some(true))
            }
            Err(error) => {
                // What it has in memory is ahead of what it has written: it begins again.
                let given_up = self.compactions.remove(0);
                let _ = given_up.number().map(|number| self.file.delete_run(number));
                Err(error)
            }
        }
    }

    /// Begins a merge where enough runs of a level have come together.
    fn begin_due(&mut self) -> rusqlite::Result<()> {
        let busy = |run: &Run| {
            let mut merging = self.compactions.iter().flat_map(Compaction::sources);
            merging.any(|source| source.number == run.number)
        };
        let due = self
            .runs
            .chunk_by(|left, right| left.level == right.level)
            .rev()
            .find(|same| same.len() >= FAN && !busy(&same[0]));
        let Some(due) = due else { return Ok(()) };
        let compaction = Compaction::new(&due[..FAN], self.last + 1, &self.file)?;
        self.last += 1;
        // The lowest level goes first: its runs come the fastest.
        self.compactions.insert(0, compaction);
        Ok(())
    }

    fn replace(&mut self, done: &Compaction, run: Run) {
        let first = done.sources().next().map(|source| source.number);
        let Some(place) = self.runs.iter().position(|run| Some(run.number) == first) else { return };
        let replaced = self.runs.splice(place..place + done.sources().count(), [Arc::new(run)]);
        self.retired.extend(replaced);
        self.spare_memory();
    }

    /// Deletes replaced runs that nobody reads any more.
    fn sweep(&mut self) -> rusqlite::Result<()> {
        let file = &self.file;
        let mut failed = Ok(());
        self.retired.retain(|run| {
            let held = Arc::strong_count(run) > 1 || Arc::strong_count(&run.in_use) > 1;
            if !held && failed.is_ok() {
                failed = file.delete_run(run.number);
            }
            held || failed.is_err()
        });
        failed
    }

    /// Gives up the filters of the oldest runs, which are the largest, where they take too much memory.
    fn spare_memory(&mut self) {
        let mut left = self.memory;
        for run in self.runs.iter_mut().rev() {
            let Some(filter) = &run.filter else { continue };
            match left.checked_sub(filter.bytes()) {
                Some(rest) => left = rest,
                None => *run = Arc::new(run.without_filter()),
            }
        }
    }

    /// Keeps these snapshots.
    pub(crate) fn save(&self, snapshots: &[(ListId, Snapshot)]) -> rusqlite::Result<()> {
        self.file
            .transaction(|| snapshots.iter().try_for_each(|(list, snapshot)| self.file.save(*list, snapshot)))
    }
}
