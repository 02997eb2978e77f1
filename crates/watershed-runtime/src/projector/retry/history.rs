//! The earlier read models of a group, folded once more from the log, with parked keys tried on the way.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed_core::Position;
use watershed_core::ports::{NameCache, RowKey};

use super::trial::Trial;
use crate::feed::FeedEvent;
use crate::projector::fold::{Concern, apply, concern};
use crate::projector::live::Live;
use crate::projector::model::{AnyModel, Earlier, Lot};
use crate::projector::rebuild::{Glimpse, Passage, pass_through};
use crate::projector::trouble::Trouble;

impl Live {
    /// Tries those again that are unsure, all of one model, each of their events over the rows of earlier models as of that event.
    pub(super) fn try_over_history(&self, trials: &mut [Trial]) -> Result<(), Trouble> {
        let mut trials: Vec<&mut Trial> = trials.iter_mut().filter(|trial| trial.is_unsure).collect();
        for trial in &mut trials {
            trial.begin_again().map_err(Trouble::Stop)?;
        }
        let mut wanted: BTreeMap<Position, Vec<usize>> = BTreeMap::new();
        for (place, trial) in trials.iter().enumerate() {
            trial.waiting().iter().for_each(|position| wanted.entry(*position).or_default().push(place));
        }
        let Some(last) = wanted.keys().next_back().copied() else { return Ok(()) };
        let model = trials.first().map_or(0, |trial| trial.row.0);
        let models = self.definition.make_models();
        let mut history = History { live: self, model, models, trials, wanted, names: NameCache::default() };
        let passed = pass_through(&self.feed, &self.runtime, 0, last, &mut history);
        match passed {
            Err(_) if is_closing(&self.closing) => Err(Trouble::Closing),
            passed => passed.map_err(Trouble::Stop),
        }
    }
}

fn is_closing(closing: &AtomicBool) -> bool {
    closing.load(Ordering::Relaxed)
}

struct History<'a> {
    live: &'a Live,
    /// The model whose keys are tried.
    model: usize,
    /// Those before it are folded.
    models: Vec<Box<dyn AnyModel>>,
    trials: Vec<&'a mut Trial>,
    /// Which of these want the event of a position.
    wanted: BTreeMap<Position, Vec<usize>>,
    names: NameCache,
}

impl Passage for History<'_> {
    fn wants(&self, _: Position) -> bool {
        true
    }

    fn see(&mut self, glimpse: &Glimpse<'_>) -> Result<(), String> {
        let (_, category, _) = glimpse.stream();
        if !self.live.definition.follows(category) {
            return Ok(());
        }
        if is_closing(&self.live.closing) {
            return Err("the context is being closed".to_owned());
        }
        let event = self.live.feed.decode(glimpse.to_stored(&mut self.names)?);
        for model in 0..self.model {
            self.fold(model, &event)?;
        }
        let position = event.position();
        for place in self.wanted.remove(&position).unwrap_or_default() {
            let trial = &mut self.trials[place];
            if trial.next() == Some(position) {
                let tenant = trial.row.1.tenant.clone();
                let earlier =
                    Earlier::at(&self.models[..self.model], &tenant, &self.live.parked, &event.stored);
                trial.take(&event, self.live.unknown(self.model), &earlier)?;
            }
        }
        Ok(())
    }
}

impl History<'_> {
    /// Takes an event into the rows of an earlier model.
    fn fold(&mut self, model: usize, event: &FeedEvent) -> Result<(), String> {
        let keys = match concern(&*self.models[model], self.live.unknown(model), event) {
            Concern::Nothing => return Ok(()),
            Concern::One(key) => vec![key],
            Concern::Many(keys) => keys,
            Concern::Matching(predicate) => {
                self.models[model].matching(Some(&event.stored.tenant), &predicate)?
            }
            // Its row is parked from here on, or the event was passed over.
            Concern::Unreadable(..) => return Ok(()),
            Concern::Stop(problem) => return Err(problem),
        };
        keys.into_iter().try_for_each(|key| self.fold_row(model, key, event))
    }

    fn fold_row(&mut self, model: usize, key: RowKey, event: &FeedEvent) -> Result<(), String> {
        let row = (model, key);
        let parked = &self.live.parked;
        if parked.holds(&row, event.position()) {
            return Ok(());
        }
        let before = self.models[model].stored_row(&row.1)?;
        if apply(&mut self.models, model, &row.1, event, parked).is_err() {
            // It is not parked, and so has been passed over by somebody: here too.
            self.models[model].forget(&row.1);
            self.models[model].load(vec![row.1], before.into_iter().collect())?;
        }
        Ok(())
    }
}
