use std::collections::BTreeMap;
use std::sync::Arc;

use watershed_core::ports::{ParkedKey, RowKey, StoredRow};
use watershed_core::{KeyedBy, Position, Predicate, Tenant};

use super::Wanted;
use crate::feed::FeedEvent;
use crate::projector::GroupDefinition;
use crate::projector::fold::{Concern, apply, concern};
use crate::projector::model::{AnyModel, ApplyFailure, Lot};
use crate::projector::parking::ParkedRow;

/// A row that is folded up to an event only: that one, and the later ones of its key, wait.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) position: Position,
    pub(crate) waiting: Vec<Position>,
    /// Why it failed here; none where it is held because it is parked.
    pub(crate) failure: Option<ApplyFailure>,
}

/// The rows that are folded up to an event only.
type HeldRows = BTreeMap<ParkedRow, Held>;

impl Lot for HeldRows {
    fn holds(&self, row: &ParkedRow, position: Position) -> bool {
        self.get(row).is_some_and(|held| held.position <= position)
    }
}

/// Which of the parked keys a refold holds at the event that they are parked on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    All,
    /// Those that are not wanted, and that others may look at. The wanted ones are tried again.
    Others,
}

/// Some rows of a group, folded anew.
pub(crate) struct Refold {
    pub(super) definition: Arc<GroupDefinition>,
    pub(super) wanted: Wanted,
    models: Vec<Box<dyn AnyModel>>,
    /// Everything up to here is folded.
    pub(super) position: Position,
    held: HeldRows,
    holds: Holds,
    /// What has failed in this walk through the log: the row as it was before that event is not known.
    failed: BTreeMap<ParkedRow, (Position, ApplyFailure)>,
}

impl Refold {
    /// The wanted rows, with nothing folded yet. Those of `parked` are folded up to the event that they are parked on.
    pub(crate) fn new(definition: Arc<GroupDefinition>, wanted: Wanted, parked: &[ParkedKey]) -> Self {
        Self::begin(definition, wanted, parked, Holds::All)
    }

    /// The wanted rows, whether they are parked or not. Those of `parked` that they may look at are folded up to the event that
    /// they are parked on.
    pub(crate) fn anew(definition: Arc<GroupDefinition>, wanted: Wanted, parked: &[ParkedKey]) -> Self {
        Self::begin(definition, wanted, parked, Holds::Others)
    }

    /// The wanted rows, and those that they may look at; these ones up to the event that they fail on.
    pub(crate) fn failing<'a>(
        definition: Arc<GroupDefinition>,
        wanted: Wanted,
        failing: impl Iterator<Item = (&'a ParkedRow, &'a (Position, ApplyFailure))>,
    ) -> Self {
        let mut refold = Self::begin(definition, wanted, &[], Holds::All);
        let held = failing.map(|(row, (position, failure))| {
            (row.clone(), Held { waiting: Vec::new(), ..Held::at(*position, failure.clone()) })
        });
        refold.held.extend(held);
        refold
    }

    fn begin(definition: Arc<GroupDefinition>, wanted: Wanted, parked: &[ParkedKey], holds: Holds) -> Self {
        let mut refold = Self {
            held: HeldRows::new(),
            holds,
            models: definition.make_models(),
            wanted,
            position: 0,
            failed: BTreeMap::new(),
            definition,
        };
        let held = parked.iter().filter(|parked| refold.holds(parked)).map(|parked| {
            let held = Held { position: parked.position, waiting: Vec::new(), failure: None };
            ((parked.table, parked.key.clone()), held)
        });
        refold.held = held.collect();
        refold
    }

    /// Begins again, with other keys parked.
    pub(super) fn again(&mut self, parked: &[ParkedKey]) {
        let wanted = self.wanted.clone();
        *self = Self::begin(self.definition.clone(), wanted, parked, self.holds);
    }

    /// Whether a parked key is held at the event that it is parked on.
    fn holds(&self, parked: &ParkedKey) -> bool {
        let is_tried = self.holds == Holds::Others && self.wanted.holds(parked.table, &parked.key);
        self.wanted.folds(parked.table, &parked.key) && !is_tried
    }

    /// Whether these are the keys that it holds because they are parked, as far as it holds such.
    pub(crate) fn fits(&self, parked: &[ParkedKey]) -> bool {
        let mut held = self.held.iter().filter(|(_, held)| held.failure.is_none());
        let of = parked.iter().filter(|parked| self.holds(parked));
        let mut of: Vec<_> = of.map(|parked| (parked.table, &parked.key, parked.position)).collect();
        of.sort_unstable();
        of.iter().all(|(table, key, position)| {
            held.next()
                .is_some_and(|((model, row), held)| (model, row, held.position) == (table, *key, *position))
        }) && held.next().is_none()
    }

    /// Everything up to here is folded.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// All models are keyed by stream: whose row an event concerns is known before it is decoded.
    pub(super) fn is_by_stream(&self) -> bool {
        matches!(&*self.models, [model] if model.keyed_by() == KeyedBy::Stream)
    }

    /// The row as of [`Refold::position`], or as of the event that it is held at.
    pub(crate) fn row(&self, model: usize, key: &RowKey) -> Result<Option<StoredRow>, String> {
        self.models[model].stored_row(key)
    }

    /// Whether later events of the row wait.
    pub(crate) fn held(&self, model: usize, key: &RowKey) -> Option<&Held> {
        self.held.get(&(model, key.clone()))
    }

    /// The wanted rows of a model that an event does not apply to, and which are not held because they are parked.
    pub(crate) fn held_by_failure(
        &self,
        model: usize,
    ) -> impl Iterator<Item = (&RowKey, &Held, &ApplyFailure)> {
        let of = self.held.iter().filter(move |((of, key), _)| *of == model && self.wanted.holds(model, key));
        of.filter_map(|((_, key), held)| held.failure.as_ref().map(|failure| (key, held, failure)))
    }

    /// The wanted keys of a model: those that were named, or those that have a row.
    pub(crate) fn keys(&self, model: usize) -> Result<Vec<RowKey>, String> {
        if let Some(named) = self.wanted.named_of(model) {
            return Ok(named);
        }
        let mut keys = self.models[model].matching(None, &Predicate::All)?;
        keys.retain(|key| self.wanted.holds(model, key));
        Ok(keys)
    }

    /// The models that rows are wanted of, by their places.
    pub(crate) fn models(&self) -> impl Iterator<Item = usize> + use<> {
        0..=self.wanted.last().min(self.models.len().saturating_sub(1))
    }

    /// Takes an event into the rows that it concerns.
    pub(super) fn take(&mut self, event: &FeedEvent) -> Result<(), String> {
        for model in self.models() {
            let unknown = self.definition.models[model].contract.unknown;
            match concern(&*self.models[model], unknown, event) {
                Concern::Nothing => {}
                Concern::One(key) => self.apply(model, key, event)?,
                Concern::Many(keys) => keys.into_iter().try_for_each(|key| self.apply(model, key, event))?,
                Concern::Matching(predicate) => {
                    let keys = self.matched(model, &event.stored.tenant, &predicate, event.position())?;
                    keys.into_iter().try_for_each(|key| self.apply(model, key, event))?;
                }
                Concern::Unreadable(key, failure) => {
                    let row = (model, key);
                    if self.wanted.folds(model, &row.1) && !self.waits(&row, event.position()) {
                        self.held.insert(row, Held::at(event.position(), failure));
                    }
                }
                Concern::Stop(problem) => return Err(problem),
            }
        }
        Ok(())
    }

    /// The keys of one tenant's rows that fulfil the condition; and those that are held, for what their rows will be by then is
    /// not known.
    fn matched(
        &self,
        model: usize,
        tenant: &Tenant,
        predicate: &Predicate,
        position: Position,
    ) -> Result<Vec<RowKey>, String> {
        let mut keys = self.models[model].matching(Some(tenant), predicate)?;
        if !self.held.is_empty() {
            let held = self.held.iter().filter(|((of, key), held)| {
                *of == model && key.tenant == *tenant && held.position <= position
            });
            keys.extend(held.map(|((_, key), _)| key.clone()));
            keys.sort_unstable();
            keys.dedup();
        }
        Ok(keys)
    }

    /// Has the event wait, where the row is held.
    fn waits(&mut self, row: &ParkedRow, position: Position) -> bool {
        if self.held.is_empty() {
            return false;
        }
        let Some(held) = self.held.get_mut(row).filter(|held| held.position <= position) else {
            return false;
        };
        held.waiting.push(position);
        true
    }

    fn apply(&mut self, model: usize, key: RowKey, event: &FeedEvent) -> Result<(), String> {
        if !self.wanted.folds(model, &key) {
            return Ok(());
        }
        let row = (model, key);
        if self.waits(&row, event.position()) || (!self.failed.is_empty() && self.failed.contains_key(&row)) {
            return Ok(());
        }
        // A row that others may look at has to be as it was before the event at once; the others are folded again.
        let is_looked_at = model < self.wanted.last();
        let before = if is_looked_at { self.models[model].stored_row(&row.1)? } else { None };
        let Err(failure) = apply(&mut self.models, model, &row.1, event, &self.held) else { return Ok(()) };
        self.models[model].forget(&row.1);
        if is_looked_at {
            self.models[model].load(vec![row.1.clone()], before.into_iter().collect())?;
            self.held.insert(row, Held::at(event.position(), failure));
        } else {
            self.failed.insert(row, (event.position(), failure));
        }
        Ok(())
    }

    /// Whether everything is folded; where rows have failed, begins again, and holds them at the event that they failed on.
    pub(super) fn is_done(&mut self) -> bool {
        if self.failed.is_empty() {
            return true;
        }
        for (row, (position, failure)) in std::mem::take(&mut self.failed) {
            self.held.insert(row, Held { waiting: Vec::new(), ..Held::at(position, failure) });
        }
        self.held.values_mut().for_each(|held| held.waiting.clear());
        self.models = self.definition.make_models();
        self.position = 0;
        false
    }
}

impl Held {
    fn at(position: Position, failure: ApplyFailure) -> Self {
        Self { position, waiting: vec![position], failure: Some(failure) }
    }
}
