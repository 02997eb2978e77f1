//! Between events and their columns.

use watershed_core::ports::{Idempotency, LogError, RawEvent};
use watershed_core::{EventId, StoredEvent, Tag, Timestamp};

use crate::EventRow;

/// What stands on the first event of an append.
#[derive(Debug)]
pub struct First {
    /// The append's idempotency key, and what its command says.
    pub idempotency: Option<Idempotency>,
    /// How many events of the append come after this one.
    pub follows: u32,
}

impl<'a> EventRow<'a> {
    /// The columns of an event: `tags` as they are stored, and `first` on the first event of an append.
    #[must_use]
    pub fn of(event: &'a StoredEvent, tags: Option<&'a str>, first: Option<&'a First>) -> Self {
        let idempotency = first.and_then(|first| first.idempotency.as_ref());
        Self {
            position: event.position,
            id: event.envelope.id.as_bytes(),
            tenant: event.tenant.as_str(),
            category: &event.stream.category,
            stream: &event.stream.id,
            version: event.version,
            name: &event.name,
            schema: event.schema,
            payload: &event.payload,
            recorded_at: event.recorded_at.as_micros(),
            actor: event.actor.as_deref(),
            correlation: event.correlation.as_deref(),
            causation: event.causation.as_deref(),
            traceparent: event.traceparent.as_deref(),
            tags,
            idem_key: idempotency.map(|idempotency| &*idempotency.key),
            fingerprint: idempotency.map(|idempotency| &idempotency.fingerprint[..]),
            follows: first.map(|first| first.follows),
            key_id: None,
        }
    }

    /// The event, as the port shows it.
    ///
    /// # Errors
    /// [`LogError::Damaged`] where the id is none.
    pub fn raw(&self) -> Result<RawEvent<'a>, LogError> {
        let id = self.id.try_into().map_err(|_| LogError::Damaged {
            position: self.position,
            problem: "its id has not 16 bytes".to_owned(),
        })?;
        Ok(RawEvent {
            position: self.position,
            id: EventId::from_bytes(id),
            tenant: self.tenant,
            category: self.category,
            stream: self.stream,
            version: self.version,
            name: self.name,
            schema: self.schema,
            payload: self.payload,
            tags: self.tags,
            recorded_at: Timestamp::from_micros(self.recorded_at),
            actor: self.actor,
            correlation: self.correlation,
            causation: self.causation,
            traceparent: self.traceparent,
        })
    }
}

/// The tags as `name:value`, and as they are stored: a JSON array, or none where there are none.
#[must_use]
pub fn tag_texts(tags: &[Tag]) -> (Vec<Box<str>>, Option<Box<str>>) {
    let texts: Vec<Box<str>> = tags.iter().map(|tag| tag.to_string().into()).collect();
    // invariant: texts are always JSON.
    let json =
        (!texts.is_empty()).then(|| serde_json::to_string(&texts).unwrap_or_default().into_boxed_str());
    (texts, json)
}

/// Numbers beyond this are no positions, and would be negative ones to a database not far above.
pub const FAR: u64 = 1 << 62;

/// A number as databases keep it: the same 64 bits. Positions and versions stay far below the sign.
#[must_use]
pub fn to_sql(number: u64) -> i64 {
    i64::from_ne_bytes(number.to_ne_bytes())
}

/// The number that [`to_sql`] was given.
#[must_use]
pub fn from_sql(number: i64) -> u64 {
    u64::from_ne_bytes(number.to_ne_bytes())
}
