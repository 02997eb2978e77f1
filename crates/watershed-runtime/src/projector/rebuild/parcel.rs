use std::sync::Arc;

use watershed_core::ports::{NameCache, RawEvent};
use watershed_core::{EventId, Position, StoredEvent, Timestamp, Version};

use super::glimpse::Glimpse;

/// Events on their way to the worker that folds them, copied one behind the other: texts that they shared between threads
/// would be counted by both all the time, which takes longer than the copy.
#[derive(Default)]
pub(super) struct Parcel {
    packed: Vec<Packed>,
    texts: String,
    payloads: Vec<u8>,
    /// From a log that has no fast way through it.
    stored: Vec<Arc<StoredEvent>>,
}

/// What an event has beside its texts and its payload, and how long those are.
struct Packed {
    position: Position,
    id: EventId,
    version: Version,
    schema: u32,
    recorded_at: Timestamp,
    payload: usize,
    texts: [Option<u32>; TEXTS],
}

/// How many texts an event has.
const TEXTS: usize = 8;

impl Parcel {
    pub(super) fn push(&mut self, event: &Glimpse<'_>) {
        let event = match event {
            Glimpse::Raw(event) => event,
            Glimpse::Stored(event) => return self.stored.push((*event).clone()),
        };
        let texts = [
            Some(event.tenant),
            Some(event.category),
            Some(event.stream),
            Some(event.name),
            event.actor,
            event.correlation,
            event.causation,
            event.traceparent,
        ];
        self.packed.push(Packed {
            position: event.position,
            id: event.id,
            version: event.version,
            schema: event.schema,
            recorded_at: event.recorded_at,
            payload: event.payload.len(),
            // invariant: a text is part of a row, which is at most 2 GiB
            texts: texts.map(|text| text.map(|text| u32::try_from(text.len()).unwrap_or(u32::MAX))),
        });
        texts.into_iter().flatten().for_each(|text| self.texts.push_str(text));
        self.payloads.extend_from_slice(event.payload);
    }

    /// Shows `take` the events, in the order in which they came.
    pub(super) fn unpack(
        self,
        names: &mut NameCache,
        mut take: impl FnMut(Arc<StoredEvent>) -> Result<(), String>,
    ) -> Result<(), String> {
        let (mut texts, mut payloads) = (&*self.texts, &*self.payloads);
        for packed in &self.packed {
            let mut text = packed.texts.into_iter().map(|length| {
                let (text, rest) = texts.split_at(length? as usize);
                texts = rest;
                Some(text)
            });
            let mut next = || text.next().flatten();
            let (tenant, category) = (next().unwrap_or_default(), next().unwrap_or_default());
            let (stream, name) = (next().unwrap_or_default(), next().unwrap_or_default());
            let (actor, correlation, causation, traceparent) = (next(), next(), next(), next());
            let (payload, rest) = payloads.split_at(packed.payload);
            payloads = rest;
            let event = RawEvent {
                position: packed.position,
                id: packed.id,
                tenant,
                category,
                stream,
                version: packed.version,
                name,
                schema: packed.schema,
                payload,
                // A fold sees the envelope and the data: reading the tags as well would be for nobody.
                tags: None,
                recorded_at: packed.recorded_at,
                actor,
                correlation,
                causation,
                traceparent,
            };
            take(Arc::new(event.to_stored(names).map_err(|error| error.to_string())?))?;
        }
        self.stored.into_iter().try_for_each(take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_out_as_it_was() {
        let raw = RawEvent {
            position: 7,
            id: EventId::from_bytes([3; 16]),
            tenant: "default",
            category: "family",
            stream: "fam-\u{fc}",
            version: 2,
            name: "coop.family.enrolled",
            schema: 4,
            payload: b"{\"a\":1}",
            tags: None,
            recorded_at: Timestamp::from_micros(99),
            actor: Some("sarah"),
            correlation: None,
            causation: Some(""),
            traceparent: Some("00-1"),
        };
        let events = [
            raw,
            RawEvent { position: 8, stream: "", actor: None, payload: b"", correlation: Some("c"), ..raw },
        ];
        let mut parcel = Parcel::default();
        events.iter().for_each(|event| parcel.push(&Glimpse::Raw(*event)));
        let (mut names, mut came) = (NameCache::default(), Vec::new());
        let expected: Vec<_> =
            events.iter().map(|event| format!("{:?}", event.to_stored(&mut names).unwrap())).collect();
        let unpacked = parcel.unpack(&mut names, |event| {
            came.push(format!("{event:?}"));
            Ok(())
        });
        assert_eq!((unpacked, came), (Ok(()), expected));
    }
}
