//! What checks of a log work with.

use std::sync::Arc;

use watershed_core::ports::{Appended, EventLog, Events, ReadFrom, Scope};
use watershed_core::{Boundary, Position, StoredEvent, StreamId, Tenant};

use super::LogFixture;
use super::draft::Draft;
use crate::conformance::promise::{Checked, holds};
use crate::conformance::storage::Storage;

/// A handle on a log.
pub(crate) type Log = Arc<dyn EventLog>;

/// Storage for one log, fresh for each check.
pub(super) struct Bench(Arc<dyn Storage<Arc<dyn EventLog>>>);

impl Bench {
    pub(super) fn on(fixture: impl LogFixture) -> Self {
        Self(Arc::new(fixture))
    }

    /// Opens the log. The handle that was given before must have been dropped.
    pub(super) async fn open(&self) -> Log {
        self.0.open().await
    }
}

/// Appends what must be taken.
pub(super) async fn take(log: &Log, draft: Draft) -> Checked<Appended> {
    Ok(log.append(draft.into()).await?)
}

/// Appends one event to each of the streams that `ids` name, one after the other.
pub(super) async fn fill(log: &Log, ids: &[&str]) -> Checked {
    for id in ids {
        take(log, Draft::on(id).event("filled")).await?;
    }
    Ok(())
}

/// One answer of the log.
pub(super) async fn read(log: &Log, scope: &Scope, after: u64, limit: usize) -> Checked<Events> {
    let from = ReadFrom { scope: scope.clone(), after, limit };
    Ok(log.read(from).await?)
}

/// Everything within the scope, read in pages of that size. Checks what every answer must keep.
pub(super) async fn read_in_pages(log: &Log, scope: &Scope, limit: usize) -> Checked<Vec<Arc<StoredEvent>>> {
    let (mut all, mut after, mut head) = (Vec::new(), 0, 0);
    loop {
        let page = read(log, scope, after, limit).await?;
        holds!(
            page.events.len() <= limit,
            "{} events came where at most {limit} were asked for",
            page.events.len()
        );
        holds!(page.head >= head, "the head went from {head} back to {}", page.head);
        head = page.head;
        for event in &page.events {
            let at = place(scope, event);
            holds!(at > after, "after {after} came {at}");
            holds!(event.position <= head, "event {} lies beyond the head, {head}", event.position);
            after = at;
        }
        let came = !page.events.is_empty();
        all.extend(page.events);
        if page.complete {
            return Ok(all);
        }
        holds!(came, "after {after} nothing came, but more was said to be there");
    }
}

/// Everything in the log, in pages of 500; positions must be contiguous.
pub(crate) async fn read_all(log: &Log) -> Checked<Vec<Arc<StoredEvent>>> {
    let all = read_in_pages(log, &Scope::Log, 500).await?;
    for (event, position) in all.iter().zip(1..) {
        holds!(
            event.position == position,
            "the log has a hole: where {position} should stand, {} does",
            event.position
        );
    }
    Ok(all)
}

/// Everything in a stream of the default tenant.
pub(super) async fn read_stream(log: &Log, id: &str) -> Checked<Vec<Arc<StoredEvent>>> {
    read_in_pages(log, &stream_scope(id), 500).await
}

/// The stream of that id, in the category and tenant of [`Draft::on`].
pub(super) fn stream_scope(id: &str) -> Scope {
    Scope::Stream { tenant: Tenant::default(), stream: StreamId::new(super::draft::CATEGORY, id) }
}

/// The boundary, in the default tenant.
pub(super) fn boundary_scope(boundary: &Boundary) -> Scope {
    Scope::Boundary { tenant: Tenant::default(), boundary: boundary.clone() }
}

/// What `after` counts in within the scope.
fn place(scope: &Scope, event: &StoredEvent) -> u64 {
    match scope {
        Scope::Stream { .. } => event.version,
        Scope::Log | Scope::Boundary { .. } => event.position,
    }
}

/// The positions of these events.
pub(super) fn positions(events: &[Arc<StoredEvent>]) -> Vec<Position> {
    events.iter().map(|event| event.position).collect()
}
