use std::sync::Arc;

use watershed_core::Clock;
use watershed_core::ports::RowKey;

use super::GroupDefinition;
use super::fold::{Touch, apply};
use super::insistent::Insistent;
use super::model::{AnyModel, ApplyFailure};
use super::parking::{Parked, ParkedRow};
use super::trouble::Trouble;
use crate::feed::{Decoded, FeedEvent};

/// Folds touches: over all rows of a group, or over a part of them.
pub(super) struct Folding<'a> {
    pub(super) models: &'a mut [Box<dyn AnyModel>],
    pub(super) parked: &'a mut Parked,
    pub(super) definition: &'a GroupDefinition,
    pub(super) store: Insistent<'a>,
    pub(super) clock: &'a Arc<dyn Clock>,
}

impl Folding<'_> {
    /// Folds the touches one by one, over rows that are loaded at once.
    pub(super) fn fold(
        &mut self,
        events: &[FeedEvent],
        touches: &[Touch],
        unreadable: &[ApplyFailure],
    ) -> Result<(), Trouble> {
        self.load_touched(touches)?;
        (0..touches.len()).try_for_each(|place| self.take_touch(events, touches, place, unreadable))
    }

    fn take_touch(
        &mut self,
        events: &[FeedEvent],
        touches: &[Touch],
        place: usize,
        unreadable: &[ApplyFailure],
    ) -> Result<(), Trouble> {
        let Touch { event, model, key } = &touches[place];
        let event = &events[*event];
        let row: ParkedRow = (*model, key.clone());
        if !self.parked.is_empty() && self.parked.wait(&row, event.position()) {
            return Ok(());
        }
        let failure = match &event.decoded {
            Decoded::Unreadable(error) => {
                let text = error.to_string();
                unreadable.iter().find(|failure| failure.error == text).cloned()
            }
            _ => apply(self.models, *model, key, event, &*self.parked).err(),
        };
        let Some(failure) = failure else { return Ok(()) };
        tracing::warn!(
            view = self.models[*model].name(), %key.key, position = event.position(), error = failure.error,
            "a key is parked"
        );
        self.take_back(events, touches, place)?;
        self.parked.park(row, vec![event.position()], &failure, self.clock.now());
        Ok(())
    }

    fn load_touched(&mut self, touches: &[Touch]) -> Result<(), Trouble> {
        for model in 0..self.models.len() {
            let mut missing: Vec<RowKey> = touches
                .iter()
                .filter(|touch| touch.model == model && !self.models[model].knows(&touch.key))
                .map(|touch| touch.key.clone())
                .collect();
            missing.sort_unstable();
            missing.dedup();
            self.load_rows(model, missing)?;
        }
        Ok(())
    }

    pub(super) fn load_rows(&mut self, model: usize, keys: Vec<RowKey>) -> Result<(), Trouble> {
        if keys.is_empty() {
            return Ok(());
        }
        let rows = self.store.rows(self.models[model].table(), &keys)?;
        self.models[model].load(keys, rows).map_err(Trouble::Stop)
    }
}
