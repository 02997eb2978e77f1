//! Answers to readers: by position, by stream, by boundary, by key and tag.

use std::sync::Arc;

use watershed_core::ports::{Events, KeyRecord, LogError};
use watershed_core::{Boundary, Position, StoredEvent, StreamId, Tag, Tenant, Version};
use watershed_store::FAR;

use super::boundaries::{Known, Within};
use super::lists::ListId;
use super::lookup::{Access, Lookup};
use super::shared::Shared;
use super::tail::Layers;

impl Shared {
    /// Looks at the lists up to `head`, which must have been asked for before the layers.
    fn lookup<'a>(&'a self, layers: &'a Layers, head: Position) -> Lookup<'a> {
        Lookup { layers, access: Access::Pool(&self.readers), until: head }
    }

    /// The events after `after`, by position.
    pub(crate) fn read_log(&self, after: Position, limit: usize) -> Result<Events, LogError> {
        let head = self.head();
        let events = if after >= head {
            Vec::new()
        } else if let Some(events) = self.ring.range(after, head, limit) {
            events
        } else {
            self.readers.with(|reader| reader.range(after, head, limit))?
        };
        Ok(Events { complete: after.saturating_add(events.len() as u64) >= head, events, head })
    }

    /// A stream's events after the version `after`.
    pub(crate) fn read_stream(
        &self,
        tenant: &Tenant,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Events, LogError> {
        let after = after.min(FAR);
        let list = self.lists.stream(tenant, stream);
        let head = self.head();
        let layers = self.tail.layers();
        let lookup = self.lookup(&layers, head);
        let mut positions = lookup.versions(list, after, limit.saturating_add(1))?;
        let complete = positions.len() <= limit;
        positions.truncate(limit);
        let events = self.fetch(&positions)?;
        for (event, version) in events.iter().zip(after + 1..) {
            if event.version != version || event.stream != *stream || event.tenant != *tenant {
                return Err(lookup.damaged());
            }
        }
        Ok(Events { events, complete, head })
    }

    /// The events within a boundary after `after`, by position.
    pub(crate) fn read_boundary(
        &self,
        tenant: &Tenant,
        boundary: &Boundary,
        after: Position,
        limit: usize,
    ) -> Result<Events, LogError> {
        let after = after.min(FAR);
        if boundary.tags.is_empty() {
            return self.read_named(tenant, boundary, after, limit);
        }
        let lists: Vec<ListId> =
            boundary.tags.iter().map(|tag| self.lists.tag(tenant.as_str(), tag)).collect();
        let within = Within { lists, names: boundary.names.clone() };
        // It goes no further than the head, which is asked for behind it.
        let known = self.boundaries.find(&within);
        let head = self.head();
        let layers = self.tail.layers();
        let mut found = Found::new(boundary, limit, head);
        let is_new = |event: &&Arc<StoredEvent>| event.position > after;
        if !known.events.iter().filter(is_new).cloned().all(|event| found.see(event)) {
            return Ok(found.events);
        }
        let from = after.max(known.until);
        let positions = self.lookup(&layers, head).positions_in_all(&within.lists, from)?;
        let told = found.events.events.len();
        for some in positions.chunks(limit.saturating_add(1).clamp(16, 1_024)) {
            if !self.fetch(some)?.into_iter().all(|event| found.see(event)) {
                return Ok(found.events);
            }
        }
        if from == known.until {
            let new = &found.events.events[told..];
            let passed_over = positions.len() - new.len();
            let events = known.events.iter().chain(new).cloned().collect();
            self.boundaries.learn(within, Known { events, until: head }, passed_over);
        }
        Ok(found.events)
    }

    /// A boundary without tags: every event is looked at.
    fn read_named(
        &self,
        tenant: &Tenant,
        boundary: &Boundary,
        mut after: Position,
        limit: usize,
    ) -> Result<Events, LogError> {
        let mut found = Found::new(boundary, limit, 0);
        loop {
            let read = self.read_log(after, 1_024)?;
            found.events.head = read.head;
            after = read.events.last().map_or(after, |event| event.position);
            let mut of_tenant = read.events.into_iter().filter(|event| event.tenant == *tenant);
            if !of_tenant.all(|event| found.see(event)) || read.complete {
                return Ok(found.events);
            }
        }
    }

    /// The events at these rising positions: the newest from memory.
    fn fetch(&self, positions: &[Position]) -> Result<Vec<Arc<StoredEvent>>, LogError> {
        let mut recent = self.ring.pick(positions);
        if recent.len() == positions.len() {
            return Ok(recent);
        }
        let older = &positions[..positions.len() - recent.len()];
        let mut events = self.readers.with(|reader| reader.at(older))?;
        events.append(&mut recent);
        Ok(events)
    }

    /// What was appended with this idempotency key.
    pub(crate) fn key_record(&self, tenant: &Tenant, key: &str) -> Result<Option<KeyRecord>, LogError> {
        let list = self.lists.key(tenant.as_str(), key);
        let head = self.head();
        let layers = self.tail.layers();
        let lookup = self.lookup(&layers, head);
        let Some(position) = lookup.oldest(list)? else { return Ok(None) };
        let found = self.readers.with(|reader| {
            reader.one(position, |row| {
                let event = row.event;
                let bears = event.idem_key == Some(key) && event.tenant == tenant.as_str();
                let fingerprint = event.fingerprint.filter(|_| bears).and_then(|bytes| bytes.try_into().ok());
                let follows = u64::from(event.follows.unwrap_or(0));
                Ok(fingerprint.map(|fingerprint| KeyRecord {
                    fingerprint,
                    stream: StreamId::new(event.category, event.stream),
                    version: event.version + follows,
                    position: position + follows,
                    events: vec![event.name.into()],
                }))
            })
        });
        let mut record = found?.ok_or_else(|| lookup.damaged())?;
        let others: Vec<Position> = (position + 1..=record.position).collect();
        record.events.extend(self.fetch(&others)?.iter().map(|event| event.name.clone()));
        Ok(Some(record))
    }

    /// The position of the first event that bears the tag.
    pub(crate) fn tag_position(&self, tenant: &Tenant, tag: &Tag) -> Result<Option<Position>, LogError> {
        let list = self.lists.tag(tenant.as_str(), tag);
        let head = self.head();
        self.lookup(&self.tail.layers(), head).oldest(list)
    }

    /// The stream's version.
    pub(crate) fn version_of(&self, tenant: &Tenant, stream: &StreamId) -> Result<Version, LogError> {
        let list = self.lists.stream(tenant, stream);
        let head = self.head();
        self.lookup(&self.tail.layers(), head).version(list)
    }
}

/// Events within a boundary, up to a limit.
struct Found<'a> {
    boundary: &'a Boundary,
    limit: usize,
    events: Events,
}

impl<'a> Found<'a> {
    fn new(boundary: &'a Boundary, limit: usize, head: Position) -> Self {
        Self { boundary, limit, events: Events { complete: true, head, ..Events::default() } }
    }

    /// Takes the event where it bears one of the names; false where that would be one too many.
    fn see(&mut self, event: Arc<StoredEvent>) -> bool {
        let names = &self.boundary.names;
        if !names.is_empty() && !names.contains(&&*event.name) {
            return true;
        }
        self.events.complete = self.events.events.len() < self.limit;
        if self.events.complete {
            self.events.events.push(event);
        }
        self.events.complete
    }
}
