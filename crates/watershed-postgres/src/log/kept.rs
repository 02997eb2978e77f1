//! Events that decisions have read, and are likely to read again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use watershed_core::{Position, StoredEvent};

/// So many bytes are kept.
const MOST: usize = 32 << 20;
/// What an event takes beside its payload, roughly.
const EACH: usize = 512;

/// An event never changes, so what is kept is never wrong.
#[derive(Default)]
pub(super) struct Kept(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    events: HashMap<Position, Arc<StoredEvent>>,
    size: usize,
}

impl Kept {
    /// Those at these positions that are kept, in their order, and the positions of the others.
    pub(super) fn at(&self, positions: &[Position]) -> (Vec<Arc<StoredEvent>>, Vec<Position>) {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut kept, mut others) = (Vec::new(), Vec::new());
        for position in positions {
            match inner.events.get(position) {
                Some(event) => kept.push(event.clone()),
                None => others.push(*position),
            }
        }
        (kept, others)
    }

    pub(super) fn keep(&self, events: &[Arc<StoredEvent>]) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for event in events {
            if inner.events.insert(event.position, event.clone()).is_none() {
                inner.size += EACH + event.payload.len();
            }
        }
        if inner.size > MOST {
            // The hot ones come back at once.
            *inner = Inner::default();
        }
    }
}
