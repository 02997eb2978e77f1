//! One span of events, folded over the rows in memory, without a look at the store.

use watershed_core::ports::RowKey;
use watershed_core::{KeyedBy, Predicate, StoredEvent, UnknownEvents};

use super::model::{AnyModel, ApplyFailure, Earlier, Lot, Touched};
use crate::feed::{Decoded, FeedEvent};

/// That an event concerns a row of a model.
#[derive(Debug, Clone)]
pub(crate) struct Touch {
    /// The event's place in the span.
    pub(crate) event: usize,
    /// The model's place in the group.
    pub(crate) model: usize,
    pub(crate) key: RowKey,
}

/// What an event means for a model.
pub(crate) enum Concern {
    Nothing,
    One(RowKey),
    Many(Vec<RowKey>),
    Matching(Predicate),
    /// This program cannot read the event; the row that it concerns is to be parked.
    Unreadable(RowKey, ApplyFailure),
    /// This program cannot read the event, and so cannot go on.
    Stop(String),
}

/// What `event` means for `model`, which does `unknown` with events that this program cannot read.
pub(crate) fn concern(model: &dyn AnyModel, unknown: UnknownEvents, event: &FeedEvent) -> Concern {
    let stored = &*event.stored;
    let row_key = |key| RowKey { tenant: stored.tenant.clone(), key };
    match &event.decoded {
        Decoded::NotFollowed => Concern::Nothing,
        Decoded::Event(decoded) => match model.touched(stored, decoded) {
            Touched::None => Concern::Nothing,
            Touched::One(key) => Concern::One(row_key(key)),
            Touched::Many(keys) => Concern::Many(keys.into_iter().map(row_key).collect()),
            Touched::Matching(predicate) => Concern::Matching(predicate),
        },
        Decoded::Unreadable(_) if !model.follows_category(&stored.stream.category) => Concern::Nothing,
        Decoded::Unreadable(error) => match (unknown, model.keyed_by()) {
            (UnknownEvents::Ignore, _) => Concern::Nothing,
            (UnknownEvents::Park, KeyedBy::Stream) => Concern::Unreadable(
                row_key((&stored.stream.id).into()),
                ApplyFailure::unreadable(stored, error),
            ),
            // Whose row an unreadable event concerns is not known where the event itself has to say.
            (UnknownEvents::Park | UnknownEvents::Stop, _) => Concern::Stop(error.to_string()),
        },
    }
}

/// Applies an event to one row of the group's model at `model`, which may look at the earlier models' rows, but for those that
/// are parked.
pub(crate) fn apply(
    models: &mut [Box<dyn AnyModel>],
    model: usize,
    key: &RowKey,
    event: &FeedEvent,
    lot: &dyn Lot,
) -> Result<(), ApplyFailure> {
    let (earlier, rest) = models.split_at_mut(model);
    let Some(target) = rest.first_mut() else {
        return Ok(());
    };
    let earlier = Earlier::at(earlier, &key.tenant, lot, &event.stored);
    apply_beside(&mut **target, &earlier, key, event)
}

/// [`apply`], with the earlier models given as the fold is to see them.
pub(crate) fn apply_beside(
    target: &mut dyn AnyModel,
    earlier: &Earlier<'_>,
    key: &RowKey,
    event: &FeedEvent,
) -> Result<(), ApplyFailure> {
    let Decoded::Event(decoded) = &event.decoded else {
        return Ok(());
    };
    let stored: &StoredEvent = &event.stored;
    let applied = target.apply(key, stored, decoded, earlier);
    earlier.judged(applied)
}
