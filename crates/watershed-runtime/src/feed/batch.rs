use std::sync::Arc;

use watershed_core::event::{AnyEvent, DecodeError};
use watershed_core::{Position, StoredEvent};

/// An event as projectors see it. A copy shares what it holds.
#[derive(Clone)]
pub(crate) struct FeedEvent {
    pub(crate) stored: Arc<StoredEvent>,
    pub(crate) decoded: Decoded,
}

/// What decoding an event gave.
#[derive(Clone)]
pub(crate) enum Decoded {
    /// The event.
    Event(AnyEvent),
    /// No read model follows events of its category.
    NotFollowed,
    /// Read models follow its category, but this program cannot read it.
    Unreadable(DecodeError),
}

impl FeedEvent {
    pub(crate) fn position(&self) -> Position {
        self.stored.position
    }
}

/// Consecutive events.
pub(crate) struct Batch {
    pub(crate) events: Vec<FeedEvent>,
}

impl Batch {
    /// The position of the first event; 0 for an empty batch.
    fn first(&self) -> Position {
        self.events.first().map_or(0, FeedEvent::position)
    }

    /// The position of the last event; 0 for an empty batch.
    pub(crate) fn last(&self) -> Position {
        self.events.last().map_or(0, FeedEvent::position)
    }

    pub(crate) fn covers(&self, position: Position) -> bool {
        !self.events.is_empty() && (self.first()..=self.last()).contains(&position)
    }

    /// The events after `position`.
    pub(crate) fn after(&self, position: Position) -> &[FeedEvent] {
        let skip = usize::try_from((position + 1).saturating_sub(self.first())).unwrap_or(usize::MAX);
        self.events.get(skip..).unwrap_or_default()
    }
}
