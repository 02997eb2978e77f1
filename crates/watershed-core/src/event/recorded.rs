use std::ops::Deref;
use std::sync::Arc;

use crate::{EventId, Position, StreamId, Tenant, Timestamp, Version};

/// Everything that the log knows of an event beside what the domain wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Index in the log, contiguous from 1.
    pub position: Position,
    /// The event's name for the world outside.
    pub id: EventId,
    /// Whose event it is.
    pub tenant: Tenant,
    /// What it happened to.
    pub stream: StreamId,
    /// Index in the stream, contiguous from 1.
    pub version: Version,
    /// The event's frozen name: `coop.family.enrolled`.
    pub name: Arc<str>,
    /// The number of the shape that it was written in.
    pub schema: u32,
    /// When the log took it.
    pub recorded_at: Timestamp,
    /// Who caused it.
    pub actor: Option<Arc<str>>,
    /// What it belongs to, as its first cause named it.
    pub correlation: Option<Arc<str>>,
    /// What caused it: the id of an event or a command.
    pub causation: Option<Arc<str>>,
    /// The W3C trace context of the command.
    pub traceparent: Option<Arc<str>>,
}

/// A fact with its place in the log. Derefs to its [`Envelope`]: `event.position`, `event.recorded_at`.
#[derive(Debug, Clone)]
pub struct Recorded<E> {
    envelope: Arc<Envelope>,
    /// What the domain wrote.
    pub data: E,
}

impl<E> Recorded<E> {
    /// Puts a fact in its envelope.
    pub fn new(envelope: Arc<Envelope>, data: E) -> Self {
        Self { envelope, data }
    }

    /// The envelope, to be shared.
    pub fn envelope(&self) -> &Arc<Envelope> {
        &self.envelope
    }
}

impl<E> Deref for Recorded<E> {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.envelope
    }
}

/// An event as the log holds it: its envelope, and its data as JSON text in the schema that it was written in.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// The envelope.
    pub envelope: Arc<Envelope>,
    /// The fields, as a JSON object.
    pub payload: Box<[u8]>,
    /// The tags, as `name:value`.
    pub tags: Vec<Box<str>>,
}

impl Deref for StoredEvent {
    type Target = Envelope;

    fn deref(&self) -> &Envelope {
        &self.envelope
    }
}
