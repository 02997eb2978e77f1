//! Appends, written in short.

use std::sync::atomic::{AtomicU64, Ordering};

use watershed_core::ports::{Append, Condition, Expected, Idempotency, NewEvent};
use watershed_core::{
    Boundary, EventId, Fingerprint, Position, StoredEvent, StreamId, Tag, Tenant, Timestamp, Version,
};

/// The category of the suite's streams.
pub(super) const CATEGORY: &str = "thing";

/// When the suite's appends are recorded, where it does not matter: 2024-05-05T05:05:05.000005Z.
pub(super) const THEN: Timestamp = Timestamp::from_micros(1_714_885_505_000_005);

/// An append that is being written. Tags, payloads and names go to the event that was added last.
#[derive(Debug, Clone)]
pub(crate) struct Draft(Append);

impl Draft {
    /// An append to the stream of that id in the default tenant, at any version, without events.
    pub(crate) fn on(id: &str) -> Self {
        Self(Append::new(Tenant::default(), StreamId::new(CATEGORY, id), Vec::new(), THEN))
    }

    pub(crate) fn tenant(mut self, name: &str) -> Self {
        self.0.tenant = Tenant::stored(name.into());
        self
    }

    pub(crate) fn stream(mut self, stream: StreamId) -> Self {
        self.0.stream = stream;
        self
    }

    pub(crate) fn expecting(mut self, version: Version) -> Self {
        self.0.expected = Expected::Version(version);
        self
    }

    pub(crate) fn unless(mut self, boundary: &Boundary, after: Position) -> Self {
        self.0.conditions.push(Condition { boundary: boundary.clone(), after });
        self
    }

    pub(crate) fn key(mut self, key: &str) -> Self {
        self.0.idempotency = Some(Idempotency { key: key.into(), fingerprint: fingerprint(key) });
        self
    }

    pub(crate) fn looked_until(mut self, position: Position) -> Self {
        self.0.looked_until = position;
        self
    }

    /// Changes whatever the other functions do not.
    pub(crate) fn with(mut self, change: impl FnOnce(&mut Append)) -> Self {
        change(&mut self.0);
        self
    }

    pub(crate) fn event(mut self, name: &'static str) -> Self {
        let id = next_id();
        let payload = format!("{{\"id\":\"{id}\"}}").into_bytes().into();
        self.0.events.push(NewEvent { id, name, schema: 1, payload, tags: Vec::new() });
        self
    }

    pub(crate) fn events(self, names: &[&'static str]) -> Self {
        names.iter().fold(self, |draft, name| draft.event(name))
    }

    pub(crate) fn payload(mut self, json: impl Into<Vec<u8>>) -> Self {
        if let Some(event) = self.0.events.last_mut() {
            event.payload = json.into().into();
        }
        self
    }

    pub(crate) fn tagged(mut self, name: &str, value: &str) -> Self {
        self.tag(Tag::new(name, value));
        self
    }

    pub(crate) fn tagged_once(mut self, name: &str, value: &str) -> Self {
        self.tag(Tag::once(name, value));
        self
    }

    fn tag(&mut self, tag: Tag) {
        if let Some(event) = self.0.events.last_mut() {
            event.tags.push(tag);
        }
    }

    pub(crate) fn append(&self) -> &Append {
        &self.0
    }
}

impl From<Draft> for Append {
    fn from(draft: Draft) -> Self {
        draft.0
    }
}

/// The fingerprint that goes with a key where the check does not say.
pub(super) fn fingerprint(key: &str) -> Fingerprint {
    watershed_core::FingerprintWriter::new(key).finish()
}

/// An id that no other event of this process has.
fn next_id() -> EventId {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut random = [0; 10];
    random[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    EventId::at(THEN.as_micros(), random)
}

/// An event in words that can be compared: everything that the log should hold of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) id: EventId,
    pub(super) tenant: Tenant,
    pub(super) stream: StreamId,
    pub(super) version: Version,
    pub(super) position: Position,
    pub(super) name: String,
    pub(super) schema: u32,
    pub(super) payload: String,
    pub(super) tags: Vec<String>,
    pub(super) recorded_at: Timestamp,
    pub(super) origin: [Option<String>; 4],
}

/// What the log holds.
pub(super) fn found(event: &StoredEvent) -> Facts {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let mut tags: Vec<String> = event.tags.iter().map(|tag| tag.to_string()).collect();
    tags.sort();
    Facts {
        id: event.id,
        tenant: event.tenant.clone(),
        stream: event.stream.clone(),
        version: event.version,
        position: event.position,
        name: event.name.to_string(),
        schema: event.schema,
        payload: String::from_utf8_lossy(&event.payload).into_owned(),
        tags,
        recorded_at: event.recorded_at,
        origin: [
            text(&event.actor),
            text(&event.correlation),
            text(&event.causation),
            text(&event.traceparent),
        ],
    }
}

/// What the log should hold of an append whose last event stands at that position and version.
pub(super) fn expected(append: &Append, position: Position, version: Version) -> Vec<Facts> {
    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let before = append.events.len() as u64;
    let facts = |(event, number): (&NewEvent, u64)| {
        let mut tags: Vec<String> = event.tags.iter().map(Tag::to_string).collect();
        tags.sort();
        Facts {
            id: event.id,
            tenant: append.tenant.clone(),
            stream: append.stream.clone(),
            version: (version + number).saturating_sub(before),
            position: (position + number).saturating_sub(before),
            name: event.name.to_owned(),
            schema: event.schema,
            payload: String::from_utf8_lossy(&event.payload).into_owned(),
            tags,
            recorded_at: append.recorded_at,
            origin: [
                text(&append.actor),
                text(&append.correlation),
                text(&append.causation),
                text(&append.traceparent),
            ],
        }
    };
    append.events.iter().zip(1..).map(facts).collect()
}
