//! What decisions have found within boundaries where much had to be passed over.
//!
//! A boundary that names events is some of those that bear its tags: that a category exists stands among all of its products'
//! events. Decisions ask for the same one again and again, so what was found is remembered, and only what has come since is
//! looked at. An event never changes, and none comes in between: what is remembered is never wrong, and says how far it goes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use watershed_core::{Position, StoredEvent};

use super::lists::ListId;
use super::shared::lock;

/// Where fewer were passed over, it is as cheap to look again.
const WORTH: usize = 16;
/// So many boundaries are remembered, and so many events of each.
const MOST: usize = 4_096;
const LONG: usize = 64;

/// What bears all of the tags in these lists, and one of the names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Within {
    pub(crate) lists: Vec<ListId>,
    pub(crate) names: Vec<&'static str>,
}

/// All of it up to a position.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    pub(crate) events: Vec<Arc<StoredEvent>>,
    pub(crate) until: Position,
}

#[derive(Debug, Default)]
pub(crate) struct Boundaries(Mutex<HashMap<Within, Arc<Known>>>);

impl Boundaries {
    pub(crate) fn find(&self, within: &Within) -> Arc<Known> {
        lock(&self.0).get(within).cloned().unwrap_or_default()
    }

    /// More is known now, and so many events were passed over for that.
    pub(crate) fn learn(&self, within: Within, now: Known, passed_over: usize) {
        if passed_over < WORTH || now.events.len() > LONG {
            return;
        }
        let mut all = lock(&self.0);
        if all.len() >= MOST && !all.contains_key(&within) {
            // The hot ones come back at once.
            all.clear();
        }
        let known = all.entry(within).or_default();
        if known.until < now.until {
            *known = Arc::new(now);
        }
    }
}
