use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use watershed_core::ports::{Checkpoint, Loader, ParkedKey, RowChange};
use watershed_core::{Clock, Position, Timestamp};

use super::parts::Parts;
use crate::feed::Feed;
use crate::projector::live::Live;
use crate::projector::rollup::RollupState;
use crate::projector::{GroupDefinition, Progress, RebuildProgress};

/// Of the memory, one part in so many may go to what readers remember of events.
const FOR_NOTES: usize = 4;
/// Events are read in blocks of one for so many bytes of memory: some blocks are on their way at any time.
const MEMORY_AN_EVENT: usize = 16 << 10;
/// The smallest and the largest blocks.
const BLOCKS: (u64, u64) = (64, 256);
/// The largest where each block is asked for by itself.
const LARGEST_ASKED: u64 = 1_024;

/// Whoever keeps to a rate looks up as often as this.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// What the workers share.
pub(super) struct Work<'a> {
    pub(super) definition: &'a Arc<GroupDefinition>,
    pub(super) feed: &'a Arc<Feed>,
    pub(super) runtime: &'a Handle,
    pub(super) clock: &'a Arc<dyn Clock>,
    /// When it began, by the context's clock: no event that comes behind the target is older, but for what the clock may be set
    /// back.
    pub(super) began: Timestamp,
    /// The position up to which rows are folded.
    pub(super) target: Position,
    /// How many events are read at a time.
    pub(super) block: u64,
    /// What one worker may hold in memory.
    pub(super) memory_each: usize,
    /// Of how many events one worker may remember whom they concern.
    pub(super) most_notes: usize,
    pub(super) parts: Parts,
    /// Memory is short: there is going to be another pass.
    short: AtomicBool,
    sink: Mutex<Sink>,
    closing: &'a AtomicBool,
    progress: &'a Progress,
    started: Instant,
    rate: Option<u64>,
    /// Events passed, by all workers.
    done: AtomicU64,
    /// Events that concerned a row.
    processed: AtomicU64,
    workers: Vec<Standing>,
    most_memory: AtomicU64,
}

/// How one worker stands.
#[derive(Default)]
struct Standing {
    /// What it holds in memory.
    memory: AtomicU64,
    /// How many passes it takes in all, as far as is known.
    passes: AtomicU64,
}

/// Where finished rows go.
pub(crate) struct Sink {
    pub(super) loader: Box<dyn Loader>,
    /// By the place of their table.
    pub(super) rollups: BTreeMap<usize, RollupState>,
    pub(super) parked: Vec<ParkedKey>,
}

impl Sink {
    /// Loads the rollups, and puts everything in the old rows' place.
    pub(crate) fn finish(mut self, runtime: &Handle, checkpoint: Checkpoint) -> Result<(), String> {
        for mut rollup in std::mem::take(&mut self.rollups).into_values() {
            while let Some(changes) =
                rollup.next_new(checkpoint.position).map_err(|trouble| trouble.to_string())?
            {
                for (table, changes) in changes {
                    let rows = changes.into_iter().filter_map(|change| match change {
                        RowChange::Put(row) => Some(row),
                        RowChange::Delete(_) => None,
                    });
                    let added = runtime.block_on(self.loader.add(table, rows.collect()));
                    added.map_err(|error| error.to_string())?;
                }
            }
        }
        runtime.block_on(self.loader.finish(self.parked, checkpoint)).map_err(|error| error.to_string())
    }
}

/// What a group is folded from.
pub(crate) struct Ground<'a> {
    pub(crate) definition: &'a Arc<GroupDefinition>,
    pub(crate) feed: &'a Arc<Feed>,
    pub(crate) runtime: &'a Handle,
    pub(crate) clock: &'a Arc<dyn Clock>,
    pub(crate) closing: &'a AtomicBool,
    pub(crate) progress: &'a Progress,
    /// At most so many events a second are folded.
    pub(crate) rate: Option<u64>,
}

impl<'a> Ground<'a> {
    pub(super) fn of(live: &'a Live) -> Self {
        Self {
            definition: &live.definition,
            feed: &live.feed,
            runtime: &live.runtime,
            clock: &live.clock,
            closing: &live.closing,
            progress: &live.progress,
            rate: live.rate,
        }
    }
}

impl<'a> Work<'a> {
    pub(super) fn new(
        ground: &Ground<'a>,
        loader: Box<dyn Loader>,
        target: Position,
        workers: usize,
    ) -> Self {
        let memory_each = ground.definition.rebuild_memory / workers.max(1);
        let largest = if ground.feed.log().scanner().is_some() { BLOCKS.1 } else { LARGEST_ASKED };
        Self {
            definition: ground.definition,
            feed: ground.feed,
            runtime: ground.runtime,
            clock: ground.clock,
            began: ground.clock.now(),
            target,
            block: ((memory_each / MEMORY_AN_EVENT) as u64).clamp(BLOCKS.0, largest),
            memory_each,
            most_notes: memory_each / FOR_NOTES,
            parts: Parts::among(workers),
            short: AtomicBool::new(false),
            sink: Mutex::new(Sink { loader, rollups: BTreeMap::new(), parked: Vec::new() }),
            closing: ground.closing,
            progress: ground.progress,
            started: Instant::now(),
            rate: ground.rate,
            done: AtomicU64::new(0),
            processed: AtomicU64::new(0),
            workers: (0..workers).map(|_| Standing::default()).collect(),
            most_memory: AtomicU64::new(0),
        }
    }

    pub(super) fn workers(&self) -> usize {
        self.workers.len()
    }

    pub(super) fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a read model of the group follows events of that category.
    pub(super) fn follows(&self, category: &str) -> bool {
        self.definition.follows(category)
    }

    /// So many more events have concerned a row.
    pub(super) fn count(&self, events: u64) {
        self.processed.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    pub(super) fn set_short(&self) {
        self.short.store(true, Ordering::Relaxed);
    }

    /// The worker takes so many passes in all, as it seems.
    pub(super) fn expect_passes(&self, worker: usize, passes: u64) {
        self.workers[worker].passes.store(passes, Ordering::Relaxed);
    }

    /// The finished rows, and how many events concerned any.
    pub(super) fn finished(self) -> (Sink, u64) {
        let processed = self.processed.load(Ordering::Relaxed);
        (self.sink.into_inner().unwrap_or_else(PoisonError::into_inner), processed)
    }

    /// Waits where more has been done than the rate allows.
    fn pace(&self, done: u64) {
        let Some(rate) = self.rate else { return };
        let due = Duration::from_millis(done.saturating_mul(1_000) / rate.max(1));
        let early = due.saturating_sub(self.started.elapsed());
        std::thread::sleep(early.min(LONGEST_PAUSE));
    }

    /// Says how far it is; an error where the context is being closed.
    pub(super) fn report(&self, worker: usize, passed: u64, footprint: usize) -> Result<(), String> {
        if self.closing.load(Ordering::Relaxed) {
            return Err("the context is being closed".to_owned());
        }
        self.workers[worker].memory.store(footprint as u64, Ordering::Relaxed);
        let memory = self.workers.iter().map(|worker| worker.memory.load(Ordering::Relaxed)).sum();
        self.most_memory.fetch_max(memory, Ordering::Relaxed);
        let done = self.done.fetch_add(passed, Ordering::Relaxed) + passed;
        self.pace(done);
        let passes = self.workers.iter().map(|worker| worker.passes.load(Ordering::Relaxed)).max();
        let total = (self.target * passes.unwrap_or(1)).max(done).max(1);
        // The log is gone through again where memory is short: what counts is the share of the whole.
        let elapsed = self.started.elapsed().as_secs_f64().max(1e-6);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate to look at"
        )]
        let rate = (done as f64 / total as f64 * self.target as f64 / elapsed) as u64;
        self.progress.set_rebuild(Some(RebuildProgress {
            done,
            total,
            events_per_second: rate,
            memory: self.most_memory.load(Ordering::Relaxed),
            memory_bound: self.definition.rebuild_memory as u64,
        }));
        // Whoever waits for the processor, to answer a question, has it now rather than some milliseconds later.
        std::thread::yield_now();
        Ok(())
    }
}
