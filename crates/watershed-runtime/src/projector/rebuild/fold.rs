use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use watershed_core::ports::{NameCache, ParkedKey, RowKey, StoredRow};
use watershed_core::{KeyedBy, Position};

use super::glimpse::{Glimpse, Passage, go_through};
use super::work::Work;
use crate::feed::FeedEvent;
use crate::projector::AnyModel;
use crate::projector::fold::{Concern, apply, concern};
use crate::projector::model::ApplyFailure;
use crate::projector::parking::attempts_after;
use crate::projector::slice::{SHARES, Slice, share, share_of};

/// Rows that are handed to the loader at once.
const LOAD_CHUNK: usize = 10_000;

/// The rows that failed in a pass: on which event, and why.
type Failures = BTreeMap<(usize, RowKey), (Position, ApplyFailure)>;

/// Folds the rows of a slice of the keys, in memory.
pub(super) struct Fold<'a> {
    work: &'a Work<'a>,
    pub(super) models: Vec<Box<dyn AnyModel>>,
    failures: Failures,
    slice: Slice,
    /// How many events concerned a row, by the first such row's share.
    processed: Box<[u64]>,
}

impl<'a> Fold<'a> {
    pub(super) fn new(work: &'a Work<'a>) -> Self {
        let models = work.definition.make_models();
        Self {
            work,
            models,
            failures: Failures::new(),
            slice: Slice::ALL,
            processed: vec![0; SHARES.into()].into(),
        }
    }

    /// Begins with the rows of a slice.
    pub(super) fn begin(&mut self, slice: Slice) {
        self.slice = slice;
    }

    /// About how many bytes the rows in memory take.
    pub(super) fn footprint(&self) -> usize {
        self.models.iter().map(|model| model.footprint()).sum()
    }

    /// What of it are the slice's own rows. The others are rows that others read, which are there in every pass.
    pub(super) fn footprint_of_slice(&self) -> usize {
        self.models.last().map_or(0, |model| model.footprint())
    }

    fn last(&self) -> usize {
        self.models.len().saturating_sub(1)
    }

    pub(super) fn take(&mut self, event: &FeedEvent) -> Result<(), String> {
        // Whoever has the first row that it concerns counts it.
        let mut counted_by = None;
        for model in 0..self.models.len() {
            let unknown = self.work.definition.models[model].contract.unknown;
            match concern(&*self.models[model], unknown, event) {
                Concern::Nothing => {}
                Concern::One(key) => {
                    counted_by.get_or_insert_with(|| share_of(&key));
                    self.apply(model, key, event);
                }
                Concern::Many(keys) => {
                    counted_by = counted_by.or(keys.first().map(share_of));
                    for key in keys {
                        self.apply(model, key, event);
                    }
                }
                Concern::Matching(predicate) => {
                    counted_by.get_or_insert(0);
                    for key in self.models[model].matching(&predicate)? {
                        self.apply(model, key, event);
                    }
                }
                Concern::Unreadable(key, failure) => {
                    counted_by.get_or_insert_with(|| share_of(&key));
                    self.fail(model, key, event.position(), failure);
                }
                Concern::Stop(problem) => return Err(problem),
            }
        }
        if let Some(share) = counted_by {
            self.processed[usize::from(share)] += 1;
        }
        Ok(())
    }

    fn is_mine(&self, key: &RowKey) -> bool {
        self.slice.holds(share_of(key))
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

    /// Drops the half of the keys whose places are higher. Answers with what is left; `None` where there are no halves.
    pub(super) fn drop_half(&mut self) -> Option<Slice> {
        let keep = self.slice.lower_half()?;
        self.slice = keep;
        let last = self.last();
        if let Some(model) = self.models.get_mut(last) {
            model.keep_slice(keep);
        }
        self.failures.retain(|(model, key), _| *model < last || keep.holds(share_of(key)));
        Some(keep)
    }

    /// Folds the rows that failed once more, each up to the event that it failed on, and parks them with what waits behind.
    pub(super) fn refold_failed(&mut self) -> Result<(), String> {
        if self.failures.is_empty() {
            return Ok(());
        }
        let failures = std::mem::take(&mut self.failures);
        let mut refold = Refold {
            by_stream: matches!(&*self.models, [model] if model.keyed_by() == KeyedBy::Stream),
            failures: &failures,
            waiting: BTreeMap::new(),
            names: NameCache::default(),
            fold: self,
        };
        let work = refold.fold.work;
        go_through(work, 0, work.target, &mut refold)?;
        let mut waiting = refold.waiting;
        let now = work.clock.now();
        let parked = failures.iter().map(|(row, (position, failure))| ParkedKey {
            table: row.0,
            key: row.1.clone(),
            position: *position,
            waiting: waiting.remove(row).unwrap_or_default(),
            error: failure.error.clone(),
            fingerprint: failure.fingerprint.clone(),
            since: now,
            attempts: attempts_after(0, failure),
        });
        work.sink().parked.extend(parked);
        Ok(())
    }

    /// Hands the finished rows to the loader; those that others read only where `with_earlier` says so: every worker has them.
    pub(super) fn hand_over(&mut self, with_earlier: bool) -> Result<(), String> {
        let (last, work) = (self.last(), self.work);
        for (place, model) in self.models.iter_mut().enumerate() {
            if place < last && !with_earlier {
                model.clear();
                continue;
            }
            // They would be deleted as soon as somebody looks.
            if let Some(age) = work.definition.models[place].age {
                model.drop_past(age.deleted_until(work.began));
            }
            let table = model.table();
            model.drain(LOAD_CHUNK, &mut |rows: Vec<StoredRow>| {
                let added = work.runtime.block_on(work.sink().loader.add(table, rows));
                added.map_err(|error| error.to_string())
            })?;
            let mut sink = work.sink();
            for rollup in model.take_rollups() {
                match sink.rollups.entry(rollup.table()) {
                    Entry::Vacant(empty) => drop(empty.insert(rollup)),
                    Entry::Occupied(mut merged) => {
                        merged.get_mut().merge(rollup).map_err(|trouble| trouble.to_string())?;
                    }
                }
            }
        }
        let counted = usize::from(self.slice.first)..=usize::from(self.slice.last);
        work.count(self.processed[counted].iter().sum());
        self.processed.fill(0);
        Ok(())
    }
}

/// A pass for the rows that failed.
struct Refold<'r, 'a, 'f> {
    fold: &'r mut Fold<'a>,
    by_stream: bool,
    failures: &'f Failures,
    waiting: BTreeMap<&'f (usize, RowKey), Vec<Position>>,
    names: NameCache,
}

impl Passage for Refold<'_, '_, '_> {
    fn wants(&self, _: Position) -> bool {
        true
    }

    fn see(&mut self, glimpse: &Glimpse<'_>) -> Result<(), String> {
        let (tenant, category, stream) = glimpse.stream();
        let work = self.fold.work;
        if !work.follows(category) || (self.by_stream && !self.fold.slice.holds(share(tenant, stream))) {
            return Ok(());
        }
        let event = work.feed.decode(glimpse.to_stored(&mut self.names)?);
        for model in 0..self.fold.models.len() {
            let unknown = work.definition.models[model].contract.unknown;
            let keys = match concern(&*self.fold.models[model], unknown, &event) {
                Concern::Nothing => continue,
                Concern::One(key) | Concern::Unreadable(key, _) => vec![key],
                Concern::Many(keys) => keys,
                Concern::Matching(predicate) => self.fold.models[model].matching(&predicate)?,
                Concern::Stop(problem) => return Err(problem),
            };
            for key in keys {
                self.refold(model, key, &event)?;
            }
        }
        Ok(())
    }
}

impl Refold<'_, '_, '_> {
    fn refold(&mut self, model: usize, key: RowKey, event: &FeedEvent) -> Result<(), String> {
        let Some((row, (failed_at, _))) = self.failures.get_key_value(&(model, key)) else {
            return Ok(());
        };
        if event.position() < *failed_at {
            return apply(&mut self.fold.models, model, &row.1, event)
                .map_err(|failure| format!("a fold is not deterministic: {}", failure.error));
        }
        self.waiting.entry(row).or_default().push(event.position());
        Ok(())
    }
}
