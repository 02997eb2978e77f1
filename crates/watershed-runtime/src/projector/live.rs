//! The fold of one group against its store: spans of events in, rows and checkpoint out, in one transaction.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::runtime::Handle;
use watershed_core::ports::{Checkpoint, RowChange, RowError, RowGroup, RowKey, RowsBatch};
use watershed_core::{Clock, Position, Predicate, Tenant, UnknownEvents};

use super::fold::{Concern, Touch, concern};
use super::folding::Folding;
use super::insistent::Insistent;
use super::model::{AnyModel, ApplyFailure, KEPT};
use super::parking::{Parked, ParkedRow};
use super::sliced::Pool;
use super::trouble::Trouble;
use super::{GroupDefinition, Progress};
use crate::feed::{Feed, FeedEvent};

/// Rows that a scan of a store gives at once.
const SCAN_CHUNK: usize = 10_000;
/// With so many parked keys the group stops: something is wrong that no key is to blame for.
const ANDON_CORD: usize = 1_000;
/// And with so many keys that fail, or wait for those that do.
const WAITING_CORD: usize = 20_000;

/// A group's folds, its rows in memory, and its store.
pub(crate) struct Live {
    pub(crate) definition: Arc<GroupDefinition>,
    pub(crate) models: Vec<Box<dyn AnyModel>>,
    pub(crate) store: Arc<dyn RowGroup>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Handle,
    pub(crate) parked: Parked,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) progress: Arc<Progress>,
    pub(crate) closing: Arc<AtomicBool>,
    /// A rebuild folds at most so many events a second.
    pub(crate) rate: Option<u64>,
    /// Who folds beside the group's own thread, where its rows are shared out.
    pub(crate) pool: Option<Pool>,
}

/// What a group's fold stands on.
#[derive(Clone)]
pub(crate) struct Footing {
    pub(crate) definition: Arc<GroupDefinition>,
    pub(crate) store: Arc<dyn RowGroup>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Handle,
}

impl Live {
    /// A fold that goes on after that checkpoint, with nothing in memory yet: see [`Live::load`].
    pub(crate) fn on(footing: Footing, progress: Arc<Progress>, checkpoint: Checkpoint) -> Self {
        let Footing { definition, store, feed, clock, runtime } = footing;
        Self {
            models: definition.make_models(),
            definition,
            store,
            feed,
            clock,
            runtime,
            parked: Parked::default(),
            checkpoint,
            progress,
            closing: Arc::default(),
            rate: None,
            pool: None,
        }
    }

    /// Takes what the store holds of parked keys, and the rows of models that others read.
    pub(crate) fn load(&mut self) -> Result<(), Trouble> {
        let parked = self.insist(|live| live.runtime.block_on(live.store.parked()))?;
        for key in &parked {
            if let Some(model) = self.definition.models.get(key.table) {
                model.known.add_parked(key);
            }
        }
        self.parked = Parked::load(parked);
        let others = self.models.len().saturating_sub(1);
        for model in 0..others {
            let keys = self.scan(model, None, &Predicate::All)?;
            self.load_rows(model, keys)?;
        }
        self.progress.set_parked(self.parked.counts(self.models.len()));
        Ok(())
    }

    pub(crate) fn position(&self) -> Position {
        self.checkpoint.position
    }

    pub(super) fn unknown(&self, model: usize) -> UnknownEvents {
        self.definition.models.get(model).map_or(UnknownEvents::Stop, |model| model.contract.unknown)
    }

    /// Folds consecutive events, which start right after the checkpoint, and writes what they change.
    pub(crate) fn take(&mut self, events: &[FeedEvent]) -> Result<(), Trouble> {
        let mut start = 0;
        let mut touches = Vec::new();
        let mut unreadable = Vec::new();
        for (place, event) in events.iter().enumerate() {
            for model in 0..self.models.len() {
                match concern(&*self.models[model], self.unknown(model), event) {
                    Concern::Nothing => {}
                    Concern::One(key) => touches.push(Touch { event: place - start, model, key }),
                    Concern::Many(keys) => {
                        touches.extend(keys.into_iter().map(|key| Touch {
                            event: place - start,
                            model,
                            key,
                        }));
                    }
                    Concern::Unreadable(key, failure) => {
                        unreadable.push(failure);
                        // Parked in its turn, so that the events of the key before this one are applied first.
                        touches.push(Touch { event: place - start, model, key });
                    }
                    Concern::Stop(problem) => {
                        // Nothing of this event, also where it concerns other models.
                        touches.retain(|touch| touch.event < place - start);
                        self.write_span(&events[start..place], &touches, &unreadable)?;
                        return Err(Trouble::Stop(problem));
                    }
                    Concern::Matching(predicate) => {
                        // Everything before it must be in the store, where the rows that it concerns are looked for.
                        let (mine, before): (Vec<_>, Vec<_>) =
                            touches.drain(..).partition(|touch: &Touch| touch.event == place - start);
                        self.write_span(&events[start..place], &before, &unreadable)?;
                        start = place;
                        touches.extend(mine.into_iter().map(|touch| Touch { event: 0, ..touch }));
                        let keys = self.matched(model, &event.stored.tenant, &predicate)?;
                        touches.extend(keys.into_iter().map(|key| Touch { event: 0, model, key }));
                    }
                }
            }
        }
        self.write_span(&events[start..], &touches, &unreadable)
    }

    /// Folds up to that position, and no further, also where the group is paused.
    pub(crate) fn fold_to(&mut self, until: Position) -> Result<(), Trouble> {
        let status = self.checkpoint.status.clone();
        while self.position() < until {
            let after = self.position();
            let read = self.runtime.block_on(self.feed.after(after));
            let batch = read.map_err(|error| Trouble::Stop(error.to_string()))?;
            let events = batch.after(after);
            let wanted = usize::try_from(until - after).unwrap_or(usize::MAX).min(events.len());
            self.take(&events[..wanted])?;
        }
        if status == "paused" && self.checkpoint.status != status {
            self.checkpoint.status = status;
            self.write()?;
        }
        Ok(())
    }

    fn write_span(
        &mut self,
        events: &[FeedEvent],
        touches: &[Touch],
        unreadable: &[ApplyFailure],
    ) -> Result<(), Trouble> {
        let Some(last) = events.last() else { return Ok(()) };
        self.fold(events, touches, unreadable)?;
        self.checkpoint = Checkpoint {
            position: last.position(),
            event_id: Some(last.stored.id),
            event_version: last.stored.version,
            event_time: Some(last.stored.recorded_at),
            events_processed: self.checkpoint.events_processed + count_events(touches),
            status: "running".to_owned(),
            last_error: None,
            // Set as it is written.
            updated_at: self.checkpoint.updated_at,
        };
        self.write()?;
        self.are_few_parked()
    }

    /// Whether so few keys are parked that it may go on.
    fn are_few_parked(&self) -> Result<(), Trouble> {
        let (parked, most) = match self.parked.len() {
            few if few <= ANDON_CORD => return Ok(()),
            all if all > WAITING_CORD => (all, WAITING_CORD),
            _ => (self.parked.failed(), ANDON_CORD),
        };
        if parked <= most {
            return Ok(());
        }
        Err(Trouble::Stop(format!(
            "more than {most} keys are parked: look at their common cause, then resume"
        )))
    }

    /// Folds over the rows that this thread has in memory.
    pub(super) fn folding(&mut self) -> Folding<'_> {
        let Self { models, parked, store, runtime, definition, progress, closing, clock, .. } = self;
        let store = Insistent { group: definition.name(), store, runtime, progress, closing };
        Folding { models, parked, definition, store, clock }
    }

    pub(super) fn load_rows(&mut self, model: usize, keys: Vec<RowKey>) -> Result<(), Trouble> {
        self.folding().load_rows(model, keys)
    }

    /// Drops what memory holds of these rows and of rollups: somebody has written them. Rows that others read are read again.
    pub(super) fn forget(&mut self, rows: Vec<ParkedRow>) -> Result<(), Trouble> {
        let last = self.models.len().saturating_sub(1);
        for (model, key) in rows {
            self.models[model].forget(&key);
            if model < last {
                self.load_rows(model, vec![key])?;
            }
        }
        for model in &mut self.models {
            model.rollups().iter_mut().for_each(super::rollup::RollupState::clear);
        }
        Ok(())
    }

    /// The keys of the stored rows, of one tenant or of all, that fulfil the condition.
    pub(super) fn scan(
        &self,
        model: usize,
        tenant: Option<&Tenant>,
        predicate: &Predicate,
    ) -> Result<Vec<RowKey>, Trouble> {
        let table = self.models[model].table();
        let (mut keys, mut after) = (Vec::new(), None::<RowKey>);
        loop {
            let rows = self.insist(|live| {
                live.runtime.block_on(live.store.scan(table, predicate, after.as_ref(), SCAN_CHUNK))
            })?;
            after = rows.last().map(|row| row.key.clone());
            // They come in the order of the tenants.
            let is_behind = after.as_ref().is_some_and(|last| tenant.is_some_and(|of| last.tenant > *of));
            let complete = rows.len() < SCAN_CHUNK || is_behind;
            let found = rows.into_iter().map(|row| row.key);
            keys.extend(found.filter(|key| tenant.is_none_or(|tenant| key.tenant == *tenant)));
            if complete {
                return Ok(keys);
            }
        }
    }

    /// Writes what has changed since the last write: rows, rollups, parked keys, checkpoint, in one transaction.
    pub(crate) fn write(&mut self) -> Result<(), Trouble> {
        self.checkpoint.updated_at = Some(self.clock.now());
        let mut batch = RowsBatch { checkpoint: self.checkpoint.clone(), ..RowsBatch::default() };
        for place in 0..self.models.len() {
            let changes = self.models[place].changes().map_err(Trouble::Stop)?;
            if !changes.is_empty() {
                batch.changes.push((self.models[place].table(), changes));
            }
            batch.changes.extend(self.rollup_changes(place)?);
        }
        let (park, unpark) = self.parked.changes();
        batch.park = park;
        batch.unpark = unpark;
        self.insist(|live| live.runtime.block_on(live.store.write(&batch)))?;
        let last = self.models.len().saturating_sub(1);
        for (place, model) in self.models.iter_mut().enumerate() {
            // Rows that others read stay.
            model.written((place == last).then_some(KEPT));
        }
        self.parked.written();
        self.progress.set_parked(self.parked.counts(self.models.len()));
        self.progress.advance(&self.checkpoint);
        Ok(())
    }

    fn rollup_changes(&mut self, place: usize) -> Result<Vec<(usize, Vec<RowChange>)>, Trouble> {
        let position = self.checkpoint.position;
        let mut all = Vec::new();
        let Self { models, store, runtime, definition, progress, closing, .. } = self;
        let store = Insistent { group: definition.name(), store, runtime, progress, closing };
        for state in models[place].rollups() {
            let missing = state.missing();
            if !missing.is_empty() {
                state.load(store.rows(state.table(), &missing)?).map_err(Trouble::Stop)?;
            }
            let values = state.values_table();
            let mut read = |key: &RowKey| Ok(store.rows(values, std::slice::from_ref(key))?.pop());
            state.settle(&mut read)?;
            all.extend(state.changes(position, &mut read)?);
        }
        Ok(all)
    }

    /// Does something with the store until it succeeds; see [`Insistent::insist`].
    pub(crate) fn insist<T>(
        &self,
        mut attempt: impl FnMut(&Self) -> Result<T, RowError>,
    ) -> Result<T, Trouble> {
        let Self { store, runtime, definition, progress, closing, .. } = self;
        Insistent { group: definition.name(), store, runtime, progress, closing }.insist(|| attempt(self))
    }
}

/// How many events concerned anything.
fn count_events(touches: &[Touch]) -> u64 {
    let mut count = 0;
    let mut last = None;
    for touch in touches {
        if last != Some(touch.event) {
            count += 1;
            last = Some(touch.event);
        }
    }
    count
}
