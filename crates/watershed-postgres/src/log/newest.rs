//! The log's newest events, as this process has written them: those who follow the log need not ask the server for them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use watershed_core::{Position, StoredEvent};

/// So many events are kept, and so many bytes of their payloads.
const MOST: usize = 4_096;
const BYTES: usize = 16 << 20;
/// As long as nobody asks for them, those of so many commits.
const PATIENCE: u32 = 64;

/// One behind the other, without a gap.
#[derive(Default)]
pub(super) struct Newest(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    events: VecDeque<Arc<StoredEvent>>,
    bytes: usize,
    /// For so many commits more.
    wanted: u32,
}

impl Newest {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The events in between, at most so many of the first; none where one of them is not kept.
    pub(super) fn range(
        &self,
        after: Position,
        until: Position,
        limit: usize,
    ) -> Option<Vec<Arc<StoredEvent>>> {
        let mut inner = self.lock();
        inner.wanted = PATIENCE;
        let skipped = usize::try_from((after + 1).checked_sub(inner.events.front()?.position)?).ok()?;
        let count = usize::try_from(until.checked_sub(after)?).ok()?.min(limit);
        (skipped + count <= inner.events.len())
            .then(|| inner.events.range(skipped..skipped + count).cloned().collect())
    }

    /// Whether somebody would have the next ones.
    pub(super) fn are_wanted(&self) -> bool {
        self.lock().wanted > 1
    }

    /// This process has brought the log on from there by these events, which are there only where somebody wanted them.
    pub(super) fn pass(&self, from: Position, events: Option<Vec<StoredEvent>>) {
        let mut inner = self.lock();
        inner.wanted = inner.wanted.saturating_sub(1);
        if inner.wanted == 0 || inner.events.back().is_some_and(|last| last.position != from) {
            inner.clear();
        }
        let Some(events) = events.filter(|_| inner.wanted > 0) else { return inner.clear() };
        for event in events {
            inner.bytes += event.payload.len();
            inner.events.push_back(Arc::new(event));
        }
        while inner.events.len() > MOST || inner.bytes > BYTES {
            let Some(oldest) = inner.events.pop_front() else { return };
            inner.bytes -= oldest.payload.len();
        }
    }
}

impl Inner {
    fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use watershed_core::{EventId, StreamId, Tenant, Timestamp, event::Envelope};

    use super::*;

    fn event(position: Position) -> StoredEvent {
        let envelope = Envelope {
            position,
            id: EventId::at(0, [0; 10]),
            tenant: Tenant::default(),
            stream: StreamId::new("thing", "one"),
            version: position,
            name: "happened".into(),
            schema: 1,
            recorded_at: Timestamp::from_micros(0),
            actor: None,
            correlation: None,
            causation: None,
            traceparent: None,
        };
        StoredEvent { envelope: Arc::new(envelope), payload: b"{}"[..].into(), tags: Vec::new() }
    }

    fn range(newest: &Newest, after: Position, until: Position, limit: usize) -> Option<Vec<Position>> {
        let events = newest.range(after, until, limit)?;
        Some(events.iter().map(|event| event.position).collect())
    }

    #[test]
    fn nothing_is_given_that_is_not_whole() {
        let newest = Newest::default();
        newest.pass(0, Some((1..=2).map(event).collect()));
        assert_eq!(range(&newest, 0, 2, 10), None, "nobody had asked before");
        newest.pass(2, Some((3..=5).map(event).collect()));
        assert_eq!(range(&newest, 2, 5, 10), Some(vec![3, 4, 5]));
        assert_eq!(range(&newest, 3, 5, 1), Some(vec![4]));
        assert_eq!(range(&newest, 3, 4, 10), Some(vec![4]));
        assert_eq!(range(&newest, 1, 5, 10), None, "2 is not kept");
        assert_eq!(range(&newest, 2, 6, 10), None, "6 has not come this way");
        // 6 is somebody else's.
        newest.pass(6, Some((7..=7).map(event).collect()));
        assert_eq!(range(&newest, 2, 7, 10), None);
        assert_eq!(range(&newest, 6, 7, 10), Some(vec![7]));
    }

    #[test]
    fn what_nobody_asks_for_is_not_kept_for_long() {
        let newest = Newest::default();
        let _ = newest.range(0, 1, 1);
        for position in 1..=u64::from(PATIENCE) {
            newest.pass(position - 1, Some(vec![event(position)]));
        }
        assert_eq!(newest.lock().events.len(), 0);
        for position in 1..=2 * MOST as u64 {
            let _ = newest.range(0, 1, 1);
            newest.pass(position - 1, Some(vec![event(position)]));
        }
        let inner = newest.lock();
        assert_eq!((inner.events.len(), inner.bytes), (MOST, MOST * 2));
    }
}
