use std::sync::Arc;

use rustc_hash::FxHashSet;
use watershed_core::Tenant;
use watershed_core::ports::RowKey;

use super::part::{Folded, Ground, Part};
use super::{Pool, Sliced};
use crate::feed::FeedEvent;
use crate::projector::fold::Touch;
use crate::projector::live::Live;
use crate::projector::model::{AnyModel, ApplyFailure};
use crate::projector::parking::Parked;
use crate::projector::trouble::Trouble;

/// So many workers a group can have at most. What they find is written by one thread: long before there are as many, that is what
/// all of them wait for.
pub(crate) const MOST_WORKERS: u16 = 16;
/// Fewer touches than this are folded sooner by one thread than handed to others.
const WORTH_SHARING: usize = 128;

impl Live {
    /// Folds with so many workers from now on, where the group is of one read model. Nothing is folded again: rows are read from
    /// the store when they are wanted next.
    pub(crate) fn set_workers(&mut self, workers: u16) {
        let workers = if self.models.len() == 1 { workers.clamp(1, MOST_WORKERS) } else { 1 };
        if workers == self.workers() {
            return;
        }
        // The present ones end first.
        self.pool = None;
        if workers > 1 {
            self.pool = Some(Pool::start(Ground::of(self), workers));
        }
        self.models = self.empty_models();
        self.progress.set_workers(self.workers());
    }

    fn workers(&self) -> u16 {
        self.pool.as_ref().map_or(1, Pool::workers)
    }

    /// The group's folds with empty hands, in as many parts as there are workers.
    fn empty_models(&self) -> Vec<Box<dyn AnyModel>> {
        let workers = self.workers();
        if workers > 1
            && let Some(sliced) = Sliced::of(workers, || self.definition.make_models().pop())
        {
            return vec![Box::new(sliced)];
        }
        self.definition.make_models()
    }

    /// Folds a span's touches: shared out among the workers, where there are several and it is worth it.
    pub(crate) fn fold(
        &mut self,
        events: &[FeedEvent],
        touches: &[Touch],
        unreadable: &[ApplyFailure],
    ) -> Result<(), Trouble> {
        let pool = self.pool.as_ref().filter(|_| touches.len() >= WORTH_SHARING);
        let sliced = self.models.first_mut().and_then(|model| model.as_sliced());
        let (Some(pool), Some(sliced)) = (pool, sliced) else {
            return self.folding().fold(events, touches, unreadable);
        };
        let parts = share_out(sliced, &mut self.parked, events, touches, unreadable);
        match pool.fold(parts) {
            Ok(folded) => {
                put_together(sliced, &mut self.parked, folded);
                Ok(())
            }
            Err(trouble) => {
                // What was lent out is not whole any more. Nothing of the span has been written.
                self.models = self.empty_models();
                Err(trouble)
            }
        }
    }
}

/// A span's work, in the parts of the model.
fn share_out(
    sliced: &mut Sliced,
    parked: &mut Parked,
    events: &[FeedEvent],
    touches: &[Touch],
    unreadable: &[ApplyFailure],
) -> Vec<Part> {
    let (events, unreadable): (Arc<[_]>, Arc<[_]>) = (events.into(), unreadable.into());
    let parts = sliced.parts();
    let parked = parked.share_out(parts, |key| sliced.part_of(key));
    let mut shared: Vec<Vec<Touch>> = vec![Vec::new(); parts];
    let mut tenants = vec![FxHashSet::default(); parts];
    for touch in touches {
        let part = sliced.part_of(&touch.key);
        let tenant = own(&mut tenants[part], &touch.key.tenant);
        let key = RowKey { tenant, key: touch.key.key.clone() };
        shared[part].push(Touch { key, ..*touch });
    }
    let parts = sliced.lend().into_iter().zip(parked).zip(shared);
    let part = |((model, parked), touches)| Part {
        model,
        parked,
        touches,
        events: events.clone(),
        unreadable: unreadable.clone(),
    };
    parts.map(part).collect()
}

/// A part's own copy of a tenant's name. Every key holds one: threads that count the holders of the same copy all the time spend
/// more on that than on folding.
fn own(tenants: &mut FxHashSet<Tenant>, tenant: &Tenant) -> Tenant {
    if let Some(own) = tenants.get(tenant) {
        return own.clone();
    }
    let own = Tenant::stored(tenant.as_str().into());
    tenants.insert(own.clone());
    own
}

/// Gives the model its parts back, with what has changed in all of them.
fn put_together(sliced: &mut Sliced, parked: &mut Parked, folded: Vec<Folded>) {
    let mut models = Vec::with_capacity(folded.len());
    let mut gathered = Vec::with_capacity(folded.iter().map(|part| part.changes.len()).sum());
    for part in folded {
        models.push(part.model);
        parked.take_in(part.parked);
        gathered.extend(part.changes);
    }
    sliced.take_back(models, gathered);
}
