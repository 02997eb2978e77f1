//! The fast way through a log: every event seen in place, nothing decoded that is not asked for.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::LogError;
use crate::{Envelope, EventId, Position, StoredEvent, StreamId, Tenant, Timestamp, Version};

/// An event as the store holds it, seen in place: its checksum has been verified, nothing has been copied or decoded.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'a> {
    /// Index in the log.
    pub position: Position,
    /// The event's name for the world outside.
    pub id: EventId,
    /// Whose event it is.
    pub tenant: &'a str,
    /// The category of its stream.
    pub category: &'a str,
    /// The id of its stream within the category.
    pub stream: &'a str,
    /// Index in the stream.
    pub version: Version,
    /// The event's frozen name.
    pub name: &'a str,
    /// The number of the shape that it was written in.
    pub schema: u32,
    /// The fields, as a JSON object.
    pub payload: &'a [u8],
    /// The tags, as a JSON array of `name:value` texts; none where there are none.
    pub tags: Option<&'a str>,
    /// When the log took it.
    pub recorded_at: Timestamp,
    /// Who caused it.
    pub actor: Option<&'a str>,
    /// What it belongs to.
    pub correlation: Option<&'a str>,
    /// What caused it.
    pub causation: Option<&'a str>,
    /// The W3C trace context of the command.
    pub traceparent: Option<&'a str>,
}

impl RawEvent<'_> {
    /// The envelope, copied out; texts that repeat are shared through `names`.
    pub fn envelope(&self, names: &mut NameCache) -> Envelope {
        Envelope {
            position: self.position,
            id: self.id,
            tenant: Tenant::stored(names.shared(self.tenant)),
            stream: StreamId { category: names.shared(self.category), id: names.shared(self.stream) },
            version: self.version,
            name: names.shared(self.name),
            schema: self.schema,
            recorded_at: self.recorded_at,
            actor: self.actor.map(|actor| names.shared(actor)),
            correlation: self.correlation.map(Arc::from),
            causation: self.causation.map(Arc::from),
            traceparent: self.traceparent.map(Arc::from),
        }
    }

    /// The event, copied out; texts that repeat are shared through `names`.
    ///
    /// # Errors
    /// [`LogError::Damaged`] where the tags are no JSON array of texts.
    pub fn to_stored(&self, names: &mut NameCache) -> Result<StoredEvent, LogError> {
        let tags = match self.tags {
            None => Vec::new(),
            Some(tags) => serde_json::from_str(tags).map_err(|error| LogError::Damaged {
                position: self.position,
                problem: format!("its tags cannot be read: {error}"),
            })?,
        };
        Ok(StoredEvent { envelope: Arc::new(self.envelope(names)), payload: self.payload.into(), tags })
    }
}

/// Whoever goes through a log. A closure that takes a [`RawEvent`] wants every event.
pub trait LogVisitor {
    /// Whether the event at `position` is to be read; may be asked twice. One that is not wanted is not looked at: nobody
    /// notices if it is damaged.
    fn wants(&mut self, position: Position) -> bool {
        let _ = position;
        true
    }

    /// Sees an event that it wants, and says whether to go on.
    fn see(&mut self, event: RawEvent<'_>) -> ControlFlow<()>;
}

impl<F: FnMut(RawEvent<'_>) -> ControlFlow<()>> LogVisitor for F {
    fn see(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        self(event)
    }
}

/// Goes through a log in order, as fast as the store can. Blocks the thread that calls it.
pub trait LogScan: Send + Sync + 'static {
    /// Shows `visitor` the events that it wants of those after `after`, up to and including `until` or the last durable
    /// one, until it breaks off. Answers with the last position that it came to.
    ///
    /// # Errors
    /// Where an event that is wanted is damaged or missing, or the store fails.
    fn scan(
        &self,
        after: Position,
        until: Position,
        visitor: &mut dyn LogVisitor,
    ) -> Result<Position, LogError>;
}

/// How many texts a [`NameCache`] holds. A power of two.
const SLOTS: usize = 512;

/// Texts that repeat from event to event, so that each is kept in memory once. Holds a bounded number of them, and
/// forgets one for another: it saves memory, it does not promise that equal texts are shared.
#[derive(Debug)]
pub struct NameCache {
    slots: Box<[Option<Arc<str>>]>,
}

impl Default for NameCache {
    fn default() -> Self {
        Self { slots: vec![None; SLOTS].into_boxed_slice() }
    }
}

impl NameCache {
    /// `text`, shared with an earlier equal one where that is still known.
    pub fn shared(&mut self, text: &str) -> Arc<str> {
        let slot = &mut self.slots[slot_of(text.as_bytes())];
        match slot {
            Some(known) if **known == *text => known.clone(),
            _ => slot.insert(text.into()).clone(),
        }
    }
}

/// A cheap hash of the length and of up to eight bytes at either end, which is where names differ.
fn slot_of(text: &[u8]) -> usize {
    let edge = |bytes: &[u8]| bytes.iter().fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let first = edge(&text[..text.len().min(8)]);
    let last = edge(&text[text.len().saturating_sub(8)..]);
    let mixed = (first ^ last.rotate_left(29) ^ (text.len() as u64)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 40) as usize % SLOTS
}

#[cfg(test)]
mod tests {
    use super::NameCache;
    use std::sync::Arc;

    #[test]
    fn a_name_that_shares_a_slot_is_never_taken_for_another() {
        let mut names = NameCache::default();
        for number in 0..5_000 {
            let text = format!("fam-{number}");
            assert_eq!(&*names.shared(&text), text);
        }
        let first = names.shared("coop.family.enrolled");
        assert!(Arc::ptr_eq(&first, &names.shared("coop.family.enrolled")));
        assert_eq!(&*names.shared(""), "");
    }
}
