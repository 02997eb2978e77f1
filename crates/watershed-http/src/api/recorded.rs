use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;
use watershed_core::{EventId, Position, StoredEvent, Tenant, Timestamp, Version};

/// A recorded event as auditors see it.
#[derive(Debug, Serialize)]
pub(crate) struct EventDocument<'a> {
    position: Position,
    id: EventId,
    tenant: &'a Tenant,
    stream: String,
    version: Version,
    name: &'a str,
    schema: u32,
    recorded_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tags: &'a [Box<str>],
    /// The data as it was written, in the schema that it was written in.
    data: Option<&'a RawValue>,
}

/// The documents of these events.
pub(crate) fn documents(events: &[Arc<StoredEvent>]) -> Vec<EventDocument<'_>> {
    events.iter().map(|event| document(event)).collect()
}

fn document(event: &StoredEvent) -> EventDocument<'_> {
    EventDocument {
        position: event.position,
        id: event.id,
        tenant: &event.tenant,
        stream: event.stream.to_string(),
        version: event.version,
        name: &event.name,
        schema: event.schema,
        recorded_at: event.recorded_at,
        actor: event.actor.as_deref(),
        correlation: event.correlation.as_deref(),
        causation: event.causation.as_deref(),
        traceparent: event.traceparent.as_deref(),
        tags: &event.tags,
        // invariant: what the log holds passed its checksum, and was JSON when it was written.
        data: serde_json::from_slice(&event.payload).ok(),
    }
}
