use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::runtime::Handle;
use watershed_core::ports::{Checkpoint, Loader, ParkedKey, RowChange};
use watershed_core::{Clock, Position};

use crate::feed::Feed;
use crate::projector::live::Live;
use crate::projector::rollup::RollupState;
use crate::projector::{GroupDefinition, Progress, RebuildProgress};

/// What the rows in memory may take, over all workers.
const MEMORY: usize = 256 * 1024 * 1024;

/// What the workers share.
pub(super) struct Work<'a> {
    pub(super) definition: &'a Arc<GroupDefinition>,
    pub(super) feed: &'a Arc<Feed>,
    pub(super) runtime: &'a Handle,
    pub(super) clock: &'a Arc<dyn Clock>,
    /// The position up to which rows are folded.
    pub(super) target: Position,
    /// What the rows of one worker may take.
    pub(super) memory_each: usize,
    sink: Mutex<Sink>,
    closing: &'a AtomicBool,
    progress: &'a Progress,
    started: Instant,
    /// Events looked at, and to look at, by all workers together.
    done: AtomicU64,
    total: AtomicU64,
    /// Events that concerned a row.
    processed: AtomicU64,
    /// What each worker's rows take, and what all took at most.
    memory: Vec<AtomicU64>,
    most_memory: AtomicU64,
}

/// Where finished rows go.
pub(super) struct Sink {
    pub(super) loader: Box<dyn Loader>,
    /// By the place of their table.
    pub(super) rollups: BTreeMap<usize, RollupState>,
    pub(super) parked: Vec<ParkedKey>,
}

impl Sink {
    /// Loads the rollups, and puts everything in the old rows' place.
    pub(super) fn finish(mut self, runtime: &Handle, checkpoint: Checkpoint) -> Result<(), String> {
        for (table, rollup) in self.rollups {
            let rows = rollup
                .changes(checkpoint.position)
                .into_iter()
                .filter_map(|change| match change {
                    RowChange::Put(row) => Some(row),
                    RowChange::Delete(_) => None,
                })
                .collect();
            runtime.block_on(self.loader.add(table, rows)).map_err(|error| error.to_string())?;
        }
        runtime.block_on(self.loader.finish(self.parked, checkpoint)).map_err(|error| error.to_string())
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(live: &'a Live, loader: Box<dyn Loader>, target: Position, workers: usize) -> Self {
        Self {
            definition: &live.definition,
            feed: &live.feed,
            runtime: &live.runtime,
            clock: &live.clock,
            target,
            memory_each: MEMORY / workers.max(1),
            sink: Mutex::new(Sink { loader, rollups: BTreeMap::new(), parked: Vec::new() }),
            closing: &live.closing,
            progress: &live.progress,
            started: Instant::now(),
            done: AtomicU64::new(0),
            total: AtomicU64::new(target * workers as u64),
            processed: AtomicU64::new(0),
            memory: (0..workers).map(|_| AtomicU64::new(0)).collect(),
            most_memory: AtomicU64::new(0),
        }
    }

    pub(super) fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a read model of the group follows events of that category.
    pub(super) fn follows(&self, category: &str) -> bool {
        let mut followed = self.definition.models.iter().flat_map(|model| &model.follows);
        followed.any(|(follows, _, _)| *follows == category)
    }

    /// An event concerned a row.
    pub(super) fn count(&self) {
        self.processed.fetch_add(1, Ordering::Relaxed);
    }

    /// Memory has made one more pass through the log necessary.
    pub(super) fn add_pass(&self) {
        self.total.fetch_add(self.target, Ordering::Relaxed);
    }

    /// The finished rows, and how many events concerned any.
    pub(super) fn finished(self) -> (Sink, u64) {
        let processed = self.processed.load(Ordering::Relaxed);
        (self.sink.into_inner().unwrap_or_else(PoisonError::into_inner), processed)
    }

    /// Says how far it is; an error where the context is being closed.
    pub(super) fn report(&self, worker: usize, events: u64, footprint: usize) -> Result<(), String> {
        if self.closing.load(Ordering::Relaxed) {
            return Err("the context is being closed".to_owned());
        }
        self.memory[worker].store(footprint as u64, Ordering::Relaxed);
        let memory = self.memory.iter().map(|memory| memory.load(Ordering::Relaxed)).sum();
        self.most_memory.fetch_max(memory, Ordering::Relaxed);
        let done = self.done.fetch_add(events, Ordering::Relaxed) + events;
        let total = self.total.load(Ordering::Relaxed).max(1);
        // The log is gone through once by each worker, and again where memory was short: what counts is the share of the whole.
        let elapsed = self.started.elapsed().as_secs_f64().max(1e-6);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate to look at"
        )]
        let rate = (done as f64 / total as f64 * self.target as f64 / elapsed) as u64;
        let workers = self.memory.len().max(1) as u64;
        self.progress.set_rebuild(Some(RebuildProgress {
            done: done / workers,
            total: total / workers,
            events_per_second: rate,
            memory: self.most_memory.load(Ordering::Relaxed),
            memory_bound: MEMORY as u64,
        }));
        Ok(())
    }
}
