//! The newest events in memory, for readers that follow the log closely.

use std::collections::VecDeque;
use std::sync::{Arc, RwLock};

use watershed_core::{Position, StoredEvent};

use super::shared::{read, write};

/// What an event weighs beside its payload, roughly: its envelope, its texts, its place.
const OVERHEAD: usize = 400;

/// The newest events, bounded by number and by bytes.
#[derive(Debug)]
pub(crate) struct Ring {
    held: RwLock<Held>,
    most_events: usize,
    most_bytes: usize,
}

#[derive(Debug, Default)]
struct Held {
    events: VecDeque<Arc<StoredEvent>>,
    bytes: usize,
}

fn weight(event: &StoredEvent) -> usize {
    event.payload.len() + OVERHEAD
}

impl Held {
    /// The place of the event at `position`, where it is held.
    fn place(&self, position: Position) -> Option<usize> {
        let first = self.events.front()?.position;
        let place = usize::try_from(position.checked_sub(first)?).ok()?;
        (place < self.events.len()).then_some(place)
    }
}

impl Ring {
    pub(crate) fn new(most_events: usize, most_bytes: usize) -> Self {
        Self { held: RwLock::default(), most_events, most_bytes }
    }

    /// Adds events, which must follow on those that are held.
    pub(crate) fn push(&self, events: impl Iterator<Item = Arc<StoredEvent>>) {
        let mut held = write(&self.held);
        for event in events {
            held.bytes += weight(&event);
            held.events.push_back(event);
        }
        while held.events.len() > self.most_events || held.bytes > self.most_bytes {
            let Some(event) = held.events.pop_front() else { break };
            held.bytes -= weight(&event);
        }
    }

    /// The events after `after` up to `until`, at most `limit`; none where the first of them is not held.
    pub(crate) fn range(
        &self,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Option<Vec<Arc<StoredEvent>>> {
        let held = read(&self.held);
        let start = held.place(after + 1)?;
        let wanted = usize::try_from(until.saturating_sub(after)).unwrap_or(usize::MAX);
        let events = held.events.range(start..);
        Some(events.take(wanted.min(limit)).cloned().collect())
    }

    /// The events at these rising positions that are held: always the newest of them.
    pub(crate) fn pick(&self, positions: &[Position]) -> Vec<Arc<StoredEvent>> {
        let held = read(&self.held);
        let Some(first) = held.events.front().map(|event| event.position) else {
            return Vec::new();
        };
        let start = positions.partition_point(|at| *at < first);
        positions[start..]
            .iter()
            .map_while(|position| held.place(*position).map(|place| held.events[place].clone()))
            .collect()
    }

    /// The event at `position`, where it is held.
    pub(crate) fn get(&self, position: Position) -> Option<Arc<StoredEvent>> {
        let held = read(&self.held);
        held.place(position).map(|place| held.events[place].clone())
    }
}
