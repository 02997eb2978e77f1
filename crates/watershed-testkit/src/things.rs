//! Appends for tests of logs: something has happened to a thing. What it was is nobody's concern.

use std::sync::Arc;

use watershed_core::ports::{Append, NewEvent};
use watershed_core::{EventId, StreamId, Tenant, Timestamp};

/// The category of the streams.
const THING: &str = "thing";

/// Something that has happened; events of other numbers have other ids.
#[must_use]
pub fn happened(number: u64, payload: &str) -> NewEvent {
    NewEvent {
        id: id(number),
        name: "happened",
        schema: 1,
        payload: payload.as_bytes().into(),
        tags: Vec::new(),
    }
}

/// The id of what has happened under that number.
#[must_use]
pub fn id(number: u64) -> EventId {
    let mut random = [0; 10];
    // Those before hold less than they could: bits of them say what kind of id it is.
    random[3..].copy_from_slice(&number.to_le_bytes()[..7]);
    EventId::at(1_000, random)
}

/// Records it for the thing of that id, in the default tenant.
#[must_use]
pub fn append_to(thing: impl Into<Arc<str>>, events: Vec<NewEvent>) -> Append {
    Append::new(Tenant::default(), StreamId::new(THING, thing), events, Timestamp::from_micros(1))
}
