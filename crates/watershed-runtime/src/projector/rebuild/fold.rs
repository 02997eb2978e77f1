use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use watershed_core::Position;
use watershed_core::ports::{ParkedKey, RowKey, StoredRow};

use super::work::Work;
use crate::feed::FeedEvent;
use crate::projector::AnyModel;
use crate::projector::fold::{Concern, apply, concern};
use crate::projector::model::{ApplyFailure, Lot};
use crate::projector::parking::attempts_after;
use crate::projector::refold::{Refold, Wanted};
use crate::projector::slice::{SHARES, Slice, share_of};
use crate::projector::{Pace, ParkedRow};

/// Rows that are handed to the loader at once.
const LOAD_CHUNK: usize = 10_000;

/// The rows that failed in a pass: on which event, and why.
type Failures = BTreeMap<ParkedRow, (Position, ApplyFailure)>;

impl Lot for Failures {
    fn holds(&self, row: &ParkedRow, position: Position) -> bool {
        self.get(row).is_some_and(|(failed_at, _)| *failed_at <= position)
    }
}

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
                    // The rows that failed are not among these: what they will be is not known, and the event waits behind them.
                    for key in self.models[model].matching(Some(&event.stored.tenant), &predicate)? {
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
        if let Err(failure) = apply(&mut self.models, model, &key, event, &self.failures) {
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

    /// Folds the rows that failed once more, each up to the event that it failed on, and parks them with what waits behind. Those
    /// that others read only where `with_earlier` says so: every worker has them.
    pub(super) fn refold_failed(&mut self, with_earlier: bool) -> Result<(), String> {
        let failures = std::mem::take(&mut self.failures);
        let (last, work) = (self.last(), self.work);
        let mine: Vec<&ParkedRow> =
            failures.keys().filter(|(model, _)| *model == last || with_earlier).collect();
        if mine.is_empty() {
            return Ok(());
        }
        // Not over the rows in memory: those that others read are as of the end, and not as of the event.
        let wanted = Wanted::keys(mine.iter().copied().cloned());
        let mut refold = Refold::failing(work.definition.clone(), wanted, failures.iter());
        refold.advance(work.feed, work.runtime, work.target, &mut Pace::free())?;
        let now = work.clock.now();
        for row in mine {
            let (model, key) = row;
            let Some((position, failure)) = failures.get(row) else { continue };
            let before = refold.row(*model, key)?;
            self.models[*model].load(vec![key.clone()], before.into_iter().collect())?;
            let waiting = refold.held(*model, key).map(|held| held.waiting.clone()).unwrap_or_default();
            work.sink().parked.push(ParkedKey {
                table: *model,
                key: key.clone(),
                position: *position,
                waiting,
                error: failure.error.clone(),
                fingerprint: failure.fingerprint.clone(),
                since: now,
                attempts: attempts_after(0, failure),
            });
        }
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
