//! Folds whose rows commit with the events: run by the log, inside each append's transaction.

mod earlier;

use std::sync::Arc;

use watershed_core::StoredEvent;
use watershed_core::ports::{Checkpoint, InlineFold, RowError, RowKey, RowsBatch, RowsNow};

use self::earlier::EarlierNow;
use super::fold::{Concern, concern};
use super::stuck::{Turn, Watchdog};
use super::trouble::Trouble;
use super::{AnyModel, GroupDefinition};
use crate::feed::{Decoded, Decoders, FeedEvent};

/// The fold of an inline group.
pub(crate) struct Inline {
    definition: Arc<GroupDefinition>,
    decoders: Decoders,
    models: Vec<Box<dyn AnyModel>>,
    events_processed: u64,
    turn: Arc<Turn>,
}

impl Inline {
    /// A fold that goes on after so many events.
    pub(crate) fn new(
        definition: Arc<GroupDefinition>,
        decoders: Decoders,
        events_processed: u64,
        watchdog: &Watchdog,
    ) -> Self {
        let models = definition.make_models();
        // The log's writer waits: no thread can take its place, as nobody knows what has been written by then.
        let turn = watchdog
            .turn_or_end(definition.name(), "in the transaction of a command, which was not answered");
        Self { definition, decoders, models, events_processed, turn }
    }

    fn take(&mut self, event: &FeedEvent, rows: &dyn RowsNow) -> Result<bool, String> {
        let mut concerned = false;
        for model in 0..self.models.len() {
            let unknown = self.definition.models[model].contract.unknown;
            let keys = match concern(&*self.models[model], unknown, event) {
                Concern::Nothing => continue,
                Concern::One(key) => vec![key],
                Concern::Many(keys) => keys,
                Concern::Matching(_) => {
                    return Err(
                        "an inline read model cannot change every row that matches: name the keys".to_owned()
                    );
                }
                Concern::Unreadable(_, failure) => return Err(failure.error),
                Concern::Stop(problem) => return Err(problem),
            };
            for key in keys {
                self.load(model, &key, rows)?;
                self.apply(model, &key, event, rows)?;
                concerned = true;
            }
        }
        Ok(concerned)
    }

    fn apply(
        &mut self,
        model: usize,
        key: &RowKey,
        event: &FeedEvent,
        rows: &dyn RowsNow,
    ) -> Result<(), String> {
        let Decoded::Event(decoded) = &event.decoded else { return Ok(()) };
        let (earlier, rest) = self.models.split_at_mut(model);
        let Some(target) = rest.first_mut() else { return Ok(()) };
        let earlier = EarlierNow::of(earlier, &key.tenant, rows, event.stored.recorded_at);
        let applied = target.apply(key, &event.stored, decoded, &earlier);
        earlier.problem().map_or(Ok(()), Err)?;
        applied.map_err(|failure| failure.error)
    }

    fn load(&mut self, model: usize, key: &RowKey, rows: &dyn RowsNow) -> Result<(), String> {
        if self.models[model].knows(key) {
            return Ok(());
        }
        let stored = rows.row(self.models[model].table(), key).map_err(|error| error.to_string())?;
        self.models[model].load(vec![key.clone()], stored.into_iter().collect())
    }

    fn changes(&mut self, last: &StoredEvent, rows: &dyn RowsNow) -> Result<RowsBatch, String> {
        let mut batch = RowsBatch {
            checkpoint: Checkpoint {
                position: last.position,
                event_id: Some(last.id),
                event_version: last.version,
                event_time: Some(last.recorded_at),
                events_processed: self.events_processed,
                status: "running".to_owned(),
                last_error: None,
                updated_at: Some(last.recorded_at),
            },
            ..RowsBatch::default()
        };
        for model in &mut self.models {
            let changes = model.changes()?;
            if !changes.is_empty() {
                batch.changes.push((model.table(), changes));
            }
            for rollup in model.rollups() {
                let table = rollup.table();
                let missing = rollup.missing();
                let stored = missing.iter().filter_map(|key| rows.row(table, key).transpose());
                let stored =
                    stored.collect::<Result<Vec<_>, RowError>>().map_err(|error| error.to_string())?;
                rollup.load(stored)?;
                let values = rollup.values_table();
                let mut read =
                    |key: &RowKey| rows.row(values, key).map_err(|error| Trouble::Stop(error.to_string()));
                rollup.settle(&mut read).map_err(|trouble| trouble.to_string())?;
                let changes = rollup.changes(last.position, &mut read);
                batch.changes.extend(changes.map_err(|trouble| trouble.to_string())?);
            }
        }
        Ok(batch)
    }
}

impl InlineFold for Inline {
    fn name(&self) -> &str {
        self.definition.name()
    }

    fn fold(&mut self, events: &[Arc<StoredEvent>], rows: &dyn RowsNow) -> Result<RowsBatch, String> {
        let _inside = self.turn.enter();
        let mut folded = Ok(0);
        for stored in events {
            let event = self.decoders.decode(stored.clone());
            folded = folded.and_then(|count| Ok(count + u64::from(self.take(&event, rows)?)));
        }
        let batch = match (folded, events.last()) {
            (Ok(count), Some(last)) => {
                self.events_processed += count;
                self.changes(last, rows)
            }
            (Ok(_), None) => Ok(RowsBatch::default()),
            (Err(problem), _) => Err(problem),
        };
        // Whether the transaction commits is not known here: nothing is kept for the next append.
        for model in &mut self.models {
            model.clear();
        }
        batch
    }
}
