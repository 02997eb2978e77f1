//! A rebuild: every row folded anew from the log, in memory, and loaded in bulk beside the old ones.
//!
//! The keys are shared out among workers by hash, and each worker goes through the whole log for its own. Where a worker's rows
//! outgrow its memory, it drops one half of its keys and goes through the log once more for them: so memory is bounded whatever
//! the number of keys, each row is written once, and nothing is read back.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use tokio::runtime::Handle;
use watershed_core::ports::{
    Checkpoint, EventLog, Loader, LogError, NameCache, ParkedKey, RawEvent, ReadFrom, RowChange, RowKey,
    Scope,
};
use watershed_core::{KeyedBy, Position, StoredEvent};

use super::fold::{Concern, apply, concern};
use super::live::Live;
use super::model::{AnyModel, ApplyFailure};
use super::rollup::RollupState;
use super::slice::Slice;
use super::{GroupDefinition, RebuildProgress};
use crate::feed::{Feed, FeedEvent};

/// What the rows in memory may take, over all workers.
const MEMORY: usize = 256 * 1024 * 1024;
/// How often a worker looks at its memory and says how far it is, in events.
const LOOK_EVERY: u64 = 4_096;
/// Rows that are handed to the loader at once.
const LOAD_CHUNK: usize = 10_000;
/// Events read at once from a log that has no fast way through it.
const READ_CHUNK: usize = 4_096;

/// Rebuilds the group, and puts its fold where the new rows are.
pub(crate) fn rebuild(live: &mut Live) -> Result<(), String> {
    let target = live.feed.log().head();
    let loader = live.runtime.block_on(live.store.loader()).map_err(|error| error.to_string())?;
    let workers = std::thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
    let work = Work {
        definition: &live.definition,
        feed: &live.feed,
        runtime: &live.runtime,
        closing: &live.closing,
        target,
        memory_each: MEMORY / workers,
        sink: Mutex::new(Sink { loader, rollups: BTreeMap::new(), parked: Vec::new() }),
        done: AtomicU64::new(0),
        total: AtomicU64::new(target * workers as u64),
        memory: (0..workers).map(|_| AtomicU64::new(0)).collect(),
        most_memory: AtomicU64::new(0),
        processed: AtomicU64::new(0),
        started: Instant::now(),
        workers: workers as u64,
        progress: &live.progress,
    };
    let slices = Slice::parts(workers as u64);
    std::thread::scope(|scope| {
        let threads: Vec<_> = slices
            .into_iter()
            .enumerate()
            .map(|(worker, slice)| {
                let work = &work;
                scope.spawn(move || Worker::new(work, worker).fill(slice))
            })
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread.join().unwrap_or_else(|_| Err("a worker of the rebuild panicked".to_owned()))
        })
    })?;
    let events_processed = work.processed.load(Ordering::Relaxed);
    let checkpoint = checkpoint_at(live, target, events_processed)?;
    let sink = work.sink.into_inner().unwrap_or_else(PoisonError::into_inner);
    sink.finish(&live.runtime, checkpoint.clone())?;
    live.checkpoint = checkpoint;
    for model in &mut live.models {
        model.clear();
    }
    live.progress.advance(&live.checkpoint);
    live.load().map_err(|trouble| trouble.to_string())
}

fn checkpoint_at(live: &Live, position: Position, events_processed: u64) -> Result<Checkpoint, String> {
    let mut checkpoint = Checkpoint {
        position,
        events_processed,
        status: "running".to_owned(),
        updated_at: Some(live.clock.now()),
        ..Checkpoint::default()
    };
    if position > 0 {
        let read = ReadFrom { scope: Scope::Log, after: position - 1, limit: 1 };
        let read = live.runtime.block_on(live.feed.log().read(read)).map_err(|error| error.to_string())?;
        if let Some(event) = read.events.first() {
            checkpoint.event_id = Some(event.id);
            checkpoint.event_version = event.version;
            checkpoint.event_time = Some(event.recorded_at);
        }
    }
    Ok(checkpoint)
}

/// What the workers share.
struct Work<'a> {
    definition: &'a Arc<GroupDefinition>,
    feed: &'a Arc<Feed>,
    runtime: &'a Handle,
    closing: &'a std::sync::atomic::AtomicBool,
    target: Position,
    memory_each: usize,
    sink: Mutex<Sink>,
    done: AtomicU64,
    total: AtomicU64,
    memory: Vec<AtomicU64>,
    most_memory: AtomicU64,
    processed: AtomicU64,
    started: Instant,
    workers: u64,
    progress: &'a super::Progress,
}

/// Where finished rows go.
struct Sink {
    loader: Box<dyn Loader>,
    /// By the place of their table.
    rollups: BTreeMap<usize, RollupState>,
    parked: Vec<ParkedKey>,
}

impl Sink {
    fn finish(mut self, runtime: &Handle, checkpoint: Checkpoint) -> Result<(), String> {
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

impl Work<'_> {
    /// Says how far it is; an error where the context is being closed.
    fn report(&self, worker: usize, events: u64, footprint: usize) -> Result<(), String> {
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
        self.progress.set_rebuild(Some(RebuildProgress {
            done: done / self.workers,
            total: total / self.workers,
            events_per_second: rate,
            memory: self.most_memory.load(Ordering::Relaxed),
            memory_bound: MEMORY as u64,
        }));
        Ok(())
    }

    fn sink(&self) -> std::sync::MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rows that failed in a pass: on which event, and why.
type Failures = BTreeMap<(usize, RowKey), (Position, ApplyFailure)>;

struct Worker<'a> {
    work: &'a Work<'a>,
    worker: usize,
    models: Vec<Box<dyn AnyModel>>,
    /// All models are keyed by stream: an event's rows are known before it is decoded.
    by_stream: bool,
    failures: Failures,
    slice: Slice,
}

impl<'a> Worker<'a> {
    fn new(work: &'a Work<'a>, worker: usize) -> Self {
        let models = work.definition.make_models();
        let by_stream = models.len() == 1 && models.iter().all(|model| model.keyed_by() == KeyedBy::Stream);
        Self { work, worker, models, by_stream, failures: Failures::new(), slice: Slice::ALL }
    }

    fn last(&self) -> usize {
        self.models.len().saturating_sub(1)
    }

    /// Fills the rows of a slice, in as many passes as memory makes necessary.
    fn fill(mut self, slice: Slice) -> Result<(), String> {
        let mut to_do = vec![slice];
        let mut first_pass = self.worker == 0;
        while let Some(slice) = to_do.pop() {
            self.slice = slice;
            self.pass(&mut to_do)?;
            self.refold_failed()?;
            self.hand_over(first_pass)?;
            first_pass = false;
        }
        Ok(())
    }

    fn pass(&mut self, to_do: &mut Vec<Slice>) -> Result<(), String> {
        let mut names = NameCache::default();
        let mut seen = 0;
        let mut trouble = None;
        let target = self.work.target;
        each_event(self.work, 0, &mut |event| {
            seen += 1;
            let taken = self.take(&event, &mut names);
            let looked = if seen % LOOK_EVERY == 0 || event.position() == target {
                self.look(if seen % LOOK_EVERY == 0 { LOOK_EVERY } else { seen % LOOK_EVERY }, to_do)
            } else {
                Ok(())
            };
            match taken.and(looked) {
                Ok(()) => ControlFlow::Continue(()),
                Err(problem) => {
                    trouble = Some(problem);
                    ControlFlow::Break(())
                }
            }
        })?;
        trouble.map_or(Ok(()), Err)
    }

    fn take(&mut self, glimpse: &Glimpse<'_>, names: &mut NameCache) -> Result<(), String> {
        let (tenant, category, stream) = glimpse.stream();
        if self.by_stream && !self.slice.holds(tenant, stream) {
            return Ok(());
        }
        if !self.models.iter().any(|model| model.follows_category(category)) {
            return Ok(());
        }
        let event = self.work.feed.decode(glimpse.to_stored(names).map_err(|error| error.to_string())?);
        let mut counts = false;
        for model in 0..self.models.len() {
            let unknown = self.work.definition.models[model].contract.unknown;
            match concern(&*self.models[model], unknown, &event) {
                Concern::Nothing => {}
                Concern::Keys(keys) => {
                    counts |= keys
                        .first()
                        .is_some_and(|key| self.slice.holds(key.tenant.as_str(), key.key.as_str()));
                    for key in keys {
                        self.apply(model, key, &event);
                    }
                }
                Concern::Matching(predicate) => {
                    counts |= self.worker == 0;
                    for key in self.models[model].matching(&predicate)? {
                        self.apply(model, key, &event);
                    }
                }
                Concern::Unreadable(key, failure) => self.fail(model, key, event.position(), failure),
                Concern::Stop(problem) => return Err(problem),
            }
        }
        self.work.processed.fetch_add(u64::from(counts), Ordering::Relaxed);
        Ok(())
    }

    /// Whether the row is this pass's business. Rows that others read are everybody's.
    fn holds(&self, model: usize, key: &RowKey) -> bool {
        model < self.last() || self.slice.holds(key.tenant.as_str(), key.key.as_str())
    }

    fn apply(&mut self, model: usize, key: RowKey, event: &FeedEvent) {
        if !self.holds(model, &key)
            || (!self.failures.is_empty() && self.failures.contains_key(&(model, key.clone())))
        {
            return;
        }
        if let Err(failure) = apply(&mut self.models, model, &key, event) {
            self.fail(model, key, event.position(), failure);
        }
    }

    fn fail(&mut self, model: usize, key: RowKey, position: Position, failure: ApplyFailure) {
        if self.holds(model, &key) {
            self.models[model].forget(&key);
            self.failures.entry((model, key)).or_insert((position, failure));
        }
    }

    /// Looks at memory, and drops half of the keys for another pass where it is short.
    fn look(&mut self, events: u64, to_do: &mut Vec<Slice>) -> Result<(), String> {
        let mut footprint: usize = self.models.iter().map(|model| model.footprint()).sum();
        self.work.report(self.worker, events, footprint)?;
        while footprint > self.work.memory_each
            && let Some((keep, later)) = self.slice.halves()
        {
            to_do.push(later);
            self.slice = keep;
            self.work.total.fetch_add(self.work.target, Ordering::Relaxed);
            let last = self.last();
            if let Some(model) = self.models.get_mut(last) {
                model.keep_slice(keep);
            }
            self.failures
                .retain(|(model, key), _| *model < last || keep.holds(key.tenant.as_str(), key.key.as_str()));
            footprint = self.models.iter().map(|model| model.footprint()).sum();
        }
        Ok(())
    }

    /// Folds the rows that failed once more, each up to the event that it failed on, and parks them with what waits behind.
    fn refold_failed(&mut self) -> Result<(), String> {
        if self.failures.is_empty() {
            return Ok(());
        }
        let failures = std::mem::take(&mut self.failures);
        let mut waiting: BTreeMap<&(usize, RowKey), Vec<Position>> = BTreeMap::new();
        let mut names = NameCache::default();
        let mut trouble = None;
        each_event(self.work, 0, &mut |glimpse| match self.refold(
            &glimpse,
            &mut names,
            &failures,
            &mut waiting,
        ) {
            Ok(()) => ControlFlow::Continue(()),
            Err(problem) => {
                trouble = Some(problem);
                ControlFlow::Break(())
            }
        })?;
        if let Some(problem) = trouble {
            return Err(problem);
        }
        let now = watershed_core::Timestamp::default();
        let parked = failures.iter().map(|(row, (position, failure))| ParkedKey {
            table: row.0,
            key: row.1.clone(),
            position: *position,
            waiting: waiting.remove(row).unwrap_or_default(),
            error: failure.error.clone(),
            fingerprint: failure.fingerprint.clone(),
            since: now,
            attempts: 1,
        });
        self.work.sink().parked.extend(parked);
        Ok(())
    }

    fn refold<'f>(
        &mut self,
        glimpse: &Glimpse<'_>,
        names: &mut NameCache,
        failures: &'f Failures,
        waiting: &mut BTreeMap<&'f (usize, RowKey), Vec<Position>>,
    ) -> Result<(), String> {
        let event = self.work.feed.decode(glimpse.to_stored(names).map_err(|error| error.to_string())?);
        for model in 0..self.models.len() {
            let unknown = self.work.definition.models[model].contract.unknown;
            let keys = match concern(&*self.models[model], unknown, &event) {
                Concern::Nothing => continue,
                Concern::Keys(keys) => keys,
                Concern::Unreadable(key, _) => vec![key],
                Concern::Matching(predicate) => self.models[model].matching(&predicate)?,
                Concern::Stop(problem) => return Err(problem),
            };
            for key in keys {
                let Some((row, (failed_at, _))) = failures.get_key_value(&(model, key)) else {
                    continue;
                };
                if event.position() < *failed_at {
                    apply(&mut self.models, model, &row.1, &event)
                        .map_err(|failure| format!("a fold is not deterministic: {}", failure.error))?;
                } else {
                    waiting.entry(row).or_default().push(event.position());
                }
            }
        }
        Ok(())
    }

    /// Hands the finished rows to the loader. Those that others read are handed over once, in the first pass of the first worker.
    fn hand_over(&mut self, first_pass: bool) -> Result<(), String> {
        let last = self.last();
        for place in 0..self.models.len() {
            let model = &mut self.models[place];
            if place < last && !first_pass {
                model.clear();
                continue;
            }
            let mut rows = model.drain()?;
            let (table, first_rollup) = (model.table(), model.first_rollup_table());
            let rollups = model.take_rollups();
            let mut sink = self.work.sink();
            while !rows.is_empty() {
                let chunk = rows.split_off(rows.len().saturating_sub(LOAD_CHUNK));
                self.work
                    .runtime
                    .block_on(sink.loader.add(table, chunk))
                    .map_err(|error| error.to_string())?;
            }
            for (place, rollup) in rollups.into_iter().enumerate() {
                match sink.rollups.entry(first_rollup + place) {
                    std::collections::btree_map::Entry::Vacant(empty) => {
                        empty.insert(rollup);
                    }
                    std::collections::btree_map::Entry::Occupied(mut merged) => {
                        merged.get_mut().merge(rollup);
                    }
                }
            }
        }
        Ok(())
    }
}

/// An event on its way past, before anybody has decoded it.
enum Glimpse<'a> {
    Raw(RawEvent<'a>),
    Stored(&'a Arc<StoredEvent>),
}

impl Glimpse<'_> {
    fn position(&self) -> Position {
        match self {
            Self::Raw(event) => event.position,
            Self::Stored(event) => event.position,
        }
    }

    /// Tenant, category and id of its stream.
    fn stream(&self) -> (&str, &str, &str) {
        match self {
            Self::Raw(event) => (event.tenant, event.category, event.stream),
            Self::Stored(event) => (event.tenant.as_str(), &event.stream.category, &event.stream.id),
        }
    }

    fn to_stored(&self, names: &mut NameCache) -> Result<Arc<StoredEvent>, LogError> {
        match self {
            Self::Raw(event) => event.to_stored(names).map(Arc::new),
            Self::Stored(event) => Ok((*event).clone()),
        }
    }
}

/// Shows every event after `after` up to the rebuild's target.
fn each_event(
    work: &Work<'_>,
    after: Position,
    see: &mut dyn FnMut(Glimpse<'_>) -> ControlFlow<()>,
) -> Result<(), String> {
    let log: &Arc<dyn EventLog> = work.feed.log();
    if let Some(scanner) = log.scanner() {
        return scanner
            .scan(after, work.target, &mut |event| see(Glimpse::Raw(event)))
            .map(|_| ())
            .map_err(|error| error.to_string());
    }
    let mut after = after;
    while after < work.target {
        let read = ReadFrom { scope: Scope::Log, after, limit: READ_CHUNK };
        let read = work.runtime.block_on(log.read(read)).map_err(|error| error.to_string())?;
        if read.events.is_empty() {
            return Err(format!("the log ends at {after}, before {}", work.target));
        }
        for event in read.events.iter().take_while(|event| event.position <= work.target) {
            after = event.position;
            if see(Glimpse::Stored(event)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
