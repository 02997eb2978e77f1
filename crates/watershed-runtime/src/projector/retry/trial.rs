use watershed_core::ports::StoredRow;
use watershed_core::{Position, UnknownEvents};

use super::Effort;
use crate::feed::FeedEvent;
use crate::projector::fold::{Concern, apply_beside, concern};
use crate::projector::live::Live;
use crate::projector::model::{AnyModel, ApplyFailure, Earlier};
use crate::projector::parking::ParkedRow;

/// A parked key whose events are tried, on a row of its own.
pub(super) struct Trial {
    pub(super) row: ParkedRow,
    /// Holds the row, and no other.
    fold: Box<dyn AnyModel>,
    /// The row before the first event.
    first: Option<StoredRow>,
    waiting: Vec<Position>,
    /// So many of these have been taken.
    taken: usize,
    /// And so many of those have been applied: the others do not concern the row, as it has become.
    pub(super) applied: usize,
    failure: Option<ApplyFailure>,
    /// An event has looked at a row that may have been another one then: what it came to says nothing.
    pub(super) is_unsure: bool,
}

impl Trial {
    /// A key's trial, over the stored row.
    pub(super) fn begin(
        row: ParkedRow,
        mut fold: Box<dyn AnyModel>,
        stored: Option<StoredRow>,
        waiting: Vec<Position>,
    ) -> Result<Self, String> {
        fold.load(vec![row.1.clone()], stored.iter().cloned().collect())?;
        Ok(Self { row, fold, first: stored, waiting, taken: 0, applied: 0, failure: None, is_unsure: false })
    }

    /// Begins again.
    pub(super) fn begin_again(&mut self) -> Result<(), String> {
        self.put_back(self.first.clone())?;
        (self.taken, self.applied, self.failure, self.is_unsure) = (0, 0, None, false);
        Ok(())
    }

    /// The position of the event that is to be taken next; none where it is over.
    pub(super) fn next(&self) -> Option<Position> {
        if self.failure.is_some() || self.is_unsure {
            return None;
        }
        self.waiting.get(self.taken).copied()
    }

    /// The events that are to be taken.
    pub(super) fn waiting(&self) -> &[Position] {
        &self.waiting
    }

    /// Takes the next event over the rows of earlier models as they are now.
    pub(super) fn take_now(&mut self, event: &FeedEvent, live: &Live, effort: Effort) -> Result<(), String> {
        let model = self.row.0;
        let tenant = self.row.1.tenant.clone();
        let earlier = Earlier::at(&live.models[..model], &tenant, &live.parked, &event.stored).of_later();
        self.take(event, live.unknown(model), &earlier)?;
        let is_over = self.failure.is_some() && self.taken == 0 && effort == Effort::Glance;
        self.is_unsure = earlier.has_changed() && !is_over;
        Ok(())
    }

    /// Takes the next event, with what it sees of the earlier models.
    pub(super) fn take(
        &mut self,
        event: &FeedEvent,
        unknown: UnknownEvents,
        earlier: &Earlier<'_>,
    ) -> Result<(), String> {
        let key = &self.row.1;
        let concerns = match concern(&*self.fold, unknown, event) {
            Concern::Nothing => false,
            Concern::One(of) => of == *key,
            Concern::Many(of) => of.contains(key),
            Concern::Matching(predicate) => self.fold.fulfils(key, &predicate)?,
            Concern::Unreadable(_, failure) => {
                self.failure = Some(failure);
                return Ok(());
            }
            Concern::Stop(problem) => {
                self.failure = Some(ApplyFailure::unreadable(&event.stored, problem));
                return Ok(());
            }
        };
        if concerns {
            let before = self.fold.stored_row(key)?;
            if let Err(failure) = apply_beside(&mut *self.fold, earlier, key, event) {
                self.failure = Some(failure);
                return self.put_back(before);
            }
            self.applied += 1;
        }
        self.taken += 1;
        Ok(())
    }

    fn put_back(&mut self, row: Option<StoredRow>) -> Result<(), String> {
        let key = &self.row.1;
        self.fold.forget(key);
        self.fold.load(vec![key.clone()], row.into_iter().collect())
    }

    /// The row as the events have left it, or that there is none any more; none where they have left it as it was.
    pub(super) fn changed_row(&self) -> Result<Option<Option<StoredRow>>, String> {
        let row = self.fold.stored_row(&self.row.1)?;
        Ok((row != self.first).then_some(row))
    }

    /// What waits still, and why; none where everything has been taken.
    pub(super) fn failed(&self) -> Option<(&[Position], &ApplyFailure)> {
        self.failure.as_ref().map(|failure| (&self.waiting[self.taken..], failure))
    }
}
