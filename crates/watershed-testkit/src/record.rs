//! Events as the log would hold and give them.

use std::sync::Arc;

use watershed_core::event::{decode, encode};
use watershed_core::{
    Boundary, Envelope, Event, EventId, Position, StoredEvent, StreamId, Tenant, Timestamp, Version,
};

use crate::fail;

/// Where and when an event stands.
pub(crate) struct Place {
    pub(crate) position: Position,
    pub(crate) tenant: Tenant,
    pub(crate) stream: StreamId,
    pub(crate) version: Version,
    pub(crate) recorded_at: Timestamp,
    pub(crate) actor: Option<Arc<str>>,
}

/// What an event says, before it has a place.
pub(crate) struct Said {
    pub(crate) name: Arc<str>,
    pub(crate) schema: u32,
    pub(crate) payload: Box<[u8]>,
    pub(crate) tags: Vec<Box<str>>,
}

/// What `event` says, as JSON.
#[track_caller]
pub(crate) fn said<E: Event>(event: &E) -> Said {
    let kind = event.kind();
    let payload = encode(event)
        .unwrap_or_else(|error| fail(format!("the event `{}` cannot be recorded: {error}", kind.name)));
    let mut tags = Vec::new();
    event.tags(&mut |tag| tags.push(tag.to_string().into()));
    Said { name: kind.name.into(), schema: kind.schema, payload, tags }
}

/// The event in its place. Its id follows from its position and time, so that a test's events are the same in every run.
pub(crate) fn stored(said: Said, place: Place) -> StoredEvent {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&place.position.to_be_bytes());
    StoredEvent {
        envelope: Arc::new(Envelope {
            position: place.position,
            id: EventId::at(place.recorded_at.as_micros(), random),
            tenant: place.tenant,
            stream: place.stream,
            version: place.version,
            name: said.name,
            schema: said.schema,
            recorded_at: place.recorded_at,
            actor: place.actor,
            correlation: None,
            causation: None,
            traceparent: None,
        }),
        payload: said.payload,
        tags: said.tags,
    }
}

/// The event as whoever reads the log gets it: a field that JSON loses is lost here too.
#[track_caller]
pub(crate) fn read_back<E: Event>(stored: &StoredEvent) -> E {
    match decode::<E>(stored) {
        Ok(event) => event.data,
        Err(error) => fail(format!("what was recorded cannot be read again: {error}")),
    }
}

/// The event for a reader: its name, and its data as JSON over several lines. Personal data is shown: a test has invented it.
#[track_caller]
pub(crate) fn shown<E: Event>(event: &E) -> String {
    let said = said(event);
    let json = serde_json::from_slice::<serde_json::Value>(&said.payload)
        .and_then(|json| serde_json::to_string_pretty(&json))
        .unwrap_or_else(|error| fail(format!("the event `{}` is no JSON: {error}", said.name)));
    format!("{} {json}", said.name)
}

/// Whether an event that bears these tags (as `name:value`) and this name lies within the boundary.
pub(crate) fn within<T: AsRef<str>>(boundary: &Boundary, name: &str, tags: &[T]) -> bool {
    let named = boundary.names.is_empty() || boundary.names.contains(&name);
    named
        && boundary.tags.iter().all(|wanted| {
            let wanted = wanted.to_string();
            tags.iter().any(|tag| tag.as_ref() == wanted)
        })
}
