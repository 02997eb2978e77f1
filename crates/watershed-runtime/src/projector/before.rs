//! What an event of a span is applied to: the rows that it matches, and rows as they were before it.

use watershed_core::ports::{RowKey, StoredRow};
use watershed_core::{Predicate, Tenant};

use super::fold::{Touch, apply_beside};
use super::folding::Folding;
use super::live::Live;
use super::model::{AnyModel, Earlier, Lot};
use super::trouble::Trouble;
use crate::feed::FeedEvent;

impl Live {
    /// The keys of one tenant's rows that fulfil the condition; and those that are parked, for what their rows will be by then is
    /// not known: the event waits behind them. Everything that has been folded must be in the store.
    pub(super) fn matched(
        &self,
        model: usize,
        tenant: &Tenant,
        predicate: &Predicate,
    ) -> Result<Vec<RowKey>, Trouble> {
        let mut keys = self.scan(model, Some(tenant), predicate)?;
        if !self.parked.is_empty() {
            keys.extend(self.parked.of(model, tenant).cloned());
            keys.sort_unstable();
            keys.dedup();
        }
        Ok(keys)
    }
}

impl Folding<'_> {
    /// Makes the row of the touch at `place` what it was before that touch.
    pub(super) fn take_back(
        &mut self,
        events: &[FeedEvent],
        touches: &[Touch],
        place: usize,
    ) -> Result<(), Trouble> {
        let Touch { model, key, .. } = &touches[place];
        let before = self.row_before(events, touches, place)?;
        self.models[*model].forget(key);
        self.load_rows(*model, vec![key.clone()])?;
        match before {
            Some(row) => self.models[*model].replace(key, row).map_err(Trouble::Stop),
            None => Ok(()),
        }
    }

    /// The row of the touch at `place` as the span's earlier events have left it, folded again over the rows that they saw. None
    /// where it is as stored.
    fn row_before(
        &self,
        events: &[FeedEvent],
        touches: &[Touch],
        place: usize,
    ) -> Result<Option<Option<StoredRow>>, Trouble> {
        let Touch { model, key, .. } = &touches[place];
        let is_own = |touch: &Touch| touch.model == *model && touch.key == *key;
        if !touches[..place].iter().any(is_own) {
            return Ok(None);
        }
        // What it may have looked at has gone through the same events.
        let again: Vec<&Touch> = touches[..place]
            .iter()
            .filter(|touch| touch.model < *model || is_own(touch))
            .filter(|touch| {
                let row = (touch.model, touch.key.clone());
                !self.parked.holds(&row, events[touch.event].position())
            })
            .collect();
        let mut models = self.definition.make_models();
        for (place, fresh) in models.iter_mut().enumerate().take(*model + 1) {
            let of = again.iter().filter(|touch| touch.model == place);
            let mut keys: Vec<RowKey> = of.map(|touch| touch.key.clone()).collect();
            keys.sort_unstable();
            keys.dedup();
            if keys.is_empty() {
                continue;
            }
            let table = self.models[place].table();
            let rows = self.store.rows(table, &keys)?;
            fresh.load(keys, rows).map_err(Trouble::Stop)?;
        }
        for touch in again {
            let event = &events[touch.event];
            self.apply_again(&mut models, touch, event).map_err(Trouble::Stop)?;
        }
        Ok(Some(models[*model].stored_row(key).map_err(Trouble::Stop)?))
    }

    fn apply_again(
        &self,
        models: &mut [Box<dyn AnyModel>],
        touch: &Touch,
        event: &FeedEvent,
    ) -> Result<(), String> {
        let (earlier, rest) = models.split_at_mut(touch.model);
        let Some(target) = rest.first_mut() else { return Ok(()) };
        let earlier = Earlier::at(earlier, &touch.key.tenant, &*self.parked, &event.stored);
        apply_beside(&mut **target, &earlier.before(self.models), &touch.key, event)
            .map_err(|failure| format!("a fold is not deterministic: {}", failure.error))
    }
}
