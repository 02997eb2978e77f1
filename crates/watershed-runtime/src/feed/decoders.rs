use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use watershed_core::event::{DecodeError, Decoder};
use watershed_core::{EventKind, StoredEvent};

use super::{Decoded, FeedEvent};

/// How the events that some read model follows are decoded, by their names in the log.
#[derive(Default, Clone)]
pub(crate) struct Decoders {
    by_name: FxHashMap<&'static str, Decoder>,
    categories: FxHashSet<&'static str>,
}

impl Decoders {
    /// Adds an enum's events.
    pub(crate) fn add(&mut self, category: &'static str, kinds: &'static [EventKind], decode: Decoder) {
        self.categories.insert(category);
        for kind in kinds {
            self.by_name.insert(kind.name, decode);
        }
    }

    pub(crate) fn decode(&self, stored: Arc<StoredEvent>) -> FeedEvent {
        let decoded = match self.by_name.get(&*stored.name) {
            Some(decode) => match decode(&stored) {
                Ok(event) => Decoded::Event(event),
                Err(error) => Decoded::Unreadable(error),
            },
            None if self.categories.contains(&*stored.stream.category) => {
                Decoded::Unreadable(DecodeError::UnknownName {
                    position: stored.position,
                    name: stored.name.clone(),
                })
            }
            None => Decoded::NotFollowed,
        };
        FeedEvent { stored, decoded }
    }
}
