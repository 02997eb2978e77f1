use std::collections::BTreeMap;

use watershed_core::ports::{NameCache, ParkedKey, RowKey};
use watershed_core::{KeyedBy, Position};

use super::glimpse::{Glimpse, each_event};
use super::work::Work;
use crate::feed::FeedEvent;
use crate::projector::AnyModel;
use crate::projector::fold::{Concern, apply, concern};
use crate::projector::model::ApplyFailure;
use crate::projector::slice::Slice;

/// How often a worker looks at its memory and says how far it is, in events.
const LOOK_EVERY: u64 = 4_096;
/// Rows that are handed to the loader at once.
const LOAD_CHUNK: usize = 10_000;

/// The rows that failed in a pass: on which event, and why.
type Failures = BTreeMap<(usize, RowKey), (Position, ApplyFailure)>;

/// Fills the rows of one part of the keys.
pub(super) struct Worker<'a> {
    work: &'a Work<'a>,
    worker: usize,
    models: Vec<Box<dyn AnyModel>>,
    /// All models are keyed by stream: an event's rows are known before it is decoded.
    by_stream: bool,
    failures: Failures,
    slice: Slice,
}

impl<'a> Worker<'a> {
    pub(super) fn new(work: &'a Work<'a>, worker: usize) -> Self {
        let models = work.definition.make_models();
        let by_stream = models.len() == 1 && models.iter().all(|model| model.keyed_by() == KeyedBy::Stream);
        Self { work, worker, models, by_stream, failures: Failures::new(), slice: Slice::ALL }
    }

    fn last(&self) -> usize {
        self.models.len().saturating_sub(1)
    }

    /// Fills the rows of a slice, in as many passes as memory makes necessary.
    pub(super) fn fill(mut self, slice: Slice) -> Result<(), String> {
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
        let mut passed = 0;
        each_event(self.work, &mut |event| {
            if self.wants(&event) {
                self.take(&event, &mut names)?;
            }
            passed += 1;
            if passed % LOOK_EVERY == 0 { self.look(LOOK_EVERY, to_do) } else { Ok(()) }
        })?;
        self.look(passed % LOOK_EVERY, to_do)
    }

    /// Whether the event is to be decoded: it may concern a row of this pass.
    fn wants(&self, event: &Glimpse<'_>) -> bool {
        let (tenant, category, stream) = event.stream();
        self.work.follows(category) && (!self.by_stream || self.slice.holds(tenant, stream))
    }

    fn take(&mut self, glimpse: &Glimpse<'_>, names: &mut NameCache) -> Result<(), String> {
        let event = self.work.feed.decode(glimpse.to_stored(names).map_err(|error| error.to_string())?);
        let mut counts = false;
        for model in 0..self.models.len() {
            let unknown = self.work.definition.models[model].contract.unknown;
            match concern(&*self.models[model], unknown, &event) {
                Concern::Nothing => {}
                Concern::One(key) => {
                    counts |= self.is_mine(&key);
                    self.apply(model, key, &event);
                }
                Concern::Many(keys) => {
                    counts |= keys.first().is_some_and(|key| self.is_mine(key));
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
        if counts {
            self.work.count();
        }
        Ok(())
    }

    fn is_mine(&self, key: &RowKey) -> bool {
        self.slice.holds(key.tenant.as_str(), key.key.as_str())
    }

    /// Whether the row is this pass's business. Rows that others read are everybody's.
    fn holds(&self, model: usize, key: &RowKey) -> bool {
        model < self.last() || self.is_mine(key)
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
            self.work.add_pass();
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
        let work = self.work;
        each_event(work, &mut |glimpse| {
            let (_, category, _) = glimpse.stream();
            if !work.follows(category) {
                return Ok(());
            }
            self.refold(&glimpse, &mut names, &failures, &mut waiting)
        })?;
        let now = self.work.clock.now();
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
                Concern::One(key) => vec![key],
                Concern::Many(keys) => keys,
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
