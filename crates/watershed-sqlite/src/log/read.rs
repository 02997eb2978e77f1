//! Answers to readers: by position, by stream, by boundary, by key and tag.

use std::sync::Arc;

use watershed_core::ports::{Events, KeyRecord, LogError};
use watershed_core::{Boundary, Position, StoredEvent, StreamId, Tag, Tenant, Version};

use super::lists::ListId;
use super::readers::Reader;
use super::shared::Shared;
use super::tail::{After, Run};

fn index_damaged() -> LogError {
    LogError::Store(
        "the index does not fit the log. Delete index.db and start again: it is made again".to_owned(),
    )
}

impl Shared {
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
        Ok(Events { complete: after + events.len() as u64 >= head, events, head })
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
        let head = self.head();
        let list = self.lists.stream(tenant, stream);
        let mut runs = self.tail.layers().runs(list, After::Version(after), head);
        let covered = runs.first().is_some_and(|run| run.version == after + 1);
        self.readers.with(|reader| {
            if !covered {
                let mut older = reader.index.runs(list, After::Version(after))?;
                older.append(&mut runs);
                runs = older;
            }
            let mut positions = join_versions(&runs, after, head)?;
            let complete = positions.len() <= limit;
            positions.truncate(limit);
            let events = self.fetch(reader, &positions)?;
            for (event, version) in events.iter().zip(after + 1..) {
                if event.version != version || event.stream != *stream || event.tenant != *tenant {
                    return Err(index_damaged());
                }
            }
            Ok(Events { events, complete, head })
        })
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
        let head = self.head();
        if boundary.tags.is_empty() {
            return self.read_named(tenant, boundary, after, limit);
        }
        let lists: Vec<ListId> =
            boundary.tags.iter().map(|tag| self.lists.tag(tenant.as_str(), tag)).collect();
        self.readers.with(|reader| {
            let positions = self.positions_in_all(reader, &lists, after, head)?;
            let mut found = Events { complete: true, head, ..Events::default() };
            for some in positions.chunks(limit.saturating_add(1).clamp(16, 1_024)) {
                for event in self.fetch(reader, some)? {
                    if bears_name(boundary, &event) && !found.take(event, limit) {
                        return Ok(found);
                    }
                }
            }
            Ok(found)
        })
    }

    /// A boundary without tags: every event is looked at.
    fn read_named(
        &self,
        tenant: &Tenant,
        boundary: &Boundary,
        mut after: Position,
        limit: usize,
    ) -> Result<Events, LogError> {
        let mut found = Events { complete: true, ..Events::default() };
        loop {
            let read = self.read_log(after, 1_024)?;
            found.head = read.head;
            for event in read.events {
                after = event.position;
                let within = event.tenant == *tenant && bears_name(boundary, &event);
                if within && !found.take(event, limit) {
                    return Ok(found);
                }
            }
            if read.complete {
                return Ok(found);
            }
        }
    }

    /// The positions after `after` up to `until` that stand in every one of these lists.
    pub(crate) fn positions_in_all(
        &self,
        reader: &Reader,
        lists: &[ListId],
        after: Position,
        until: Position,
    ) -> Result<Vec<Position>, LogError> {
        let mut common: Option<Vec<Position>> = None;
        for list in lists {
            let positions = self.positions(reader, *list, after, until)?;
            common = Some(match common {
                None => positions,
                Some(common) => intersection(&common, &positions),
            });
            if common.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
        }
        Ok(common.unwrap_or_default())
    }

    fn positions(
        &self,
        reader: &Reader,
        list: ListId,
        after: Position,
        until: Position,
    ) -> Result<Vec<Position>, LogError> {
        let layers = self.tail.layers();
        let newer = layers.runs(list, After::Position(after), until);
        let older = if after < layers.floor() {
            reader.index.runs(list, After::Position(after))?
        } else {
            Vec::new()
        };
        let mut positions = Vec::new();
        let mut last = after;
        for at in older.iter().chain(&newer).flat_map(|run| &run.positions) {
            if *at > last && *at <= until {
                positions.push(*at);
                last = *at;
            }
        }
        Ok(positions)
    }

    /// The events at these rising positions: the newest from memory.
    fn fetch(&self, reader: &mut Reader, positions: &[Position]) -> Result<Vec<Arc<StoredEvent>>, LogError> {
        let mut recent = self.ring.pick(positions);
        if recent.len() == positions.len() {
            return Ok(recent);
        }
        let mut events = reader.at(&positions[..positions.len() - recent.len()])?;
        events.append(&mut recent);
        Ok(events)
    }

    /// What was appended with this idempotency key.
    pub(crate) fn key_record(&self, tenant: &Tenant, key: &str) -> Result<Option<KeyRecord>, LogError> {
        let head = self.head();
        let list = self.lists.key(tenant.as_str(), key);
        let recent = self.tail.layers().oldest(list, head);
        self.readers.with(|reader| {
            let position = match recent {
                Some(position) => position,
                None => match reader.index.oldest(list)? {
                    Some(position) => position,
                    None => return Ok(None),
                },
            };
            self.record_at(reader, position, tenant, key).map(Some)
        })
    }

    /// The record of the append whose first event stands at `position` and must bear the key.
    fn record_at(
        &self,
        reader: &mut Reader,
        position: Position,
        tenant: &Tenant,
        key: &str,
    ) -> Result<KeyRecord, LogError> {
        let (fingerprint, follows) = reader.one(position, |row| {
            let event = row.event;
            let fingerprint = event.fingerprint.and_then(|bytes| bytes.try_into().ok());
            match fingerprint {
                Some(fingerprint) if event.idem_key == Some(key) && event.tenant == tenant.as_str() => {
                    Ok((fingerprint, event.follows.unwrap_or(0)))
                }
                _ => Err(index_damaged()),
            }
        })?;
        let last = position + u64::from(follows);
        let all: Vec<Position> = (position..=last).collect();
        let events = self.fetch(reader, &all)?;
        let newest = events.last().ok_or_else(index_damaged)?;
        Ok(KeyRecord {
            fingerprint,
            stream: newest.stream.clone(),
            version: newest.version,
            position: last,
            events: events.iter().map(|event| event.name.clone()).collect(),
        })
    }

    /// The position of the first event that bears the tag.
    pub(crate) fn tag_position(&self, tenant: &Tenant, tag: &Tag) -> Result<Option<Position>, LogError> {
        let head = self.head();
        let list = self.lists.tag(tenant.as_str(), tag);
        let recent = self.tail.layers().oldest(list, head);
        let older = self.readers.with(|reader| reader.index.oldest(list))?;
        Ok(older.or(recent))
    }

    /// The stream's version.
    pub(crate) fn version_of(&self, tenant: &Tenant, stream: &StreamId) -> Result<Version, LogError> {
        let head = self.head();
        let list = self.lists.stream(tenant, stream);
        match self.tail.layers().newest(list, head) {
            Some((version, _)) => Ok(version),
            None => {
                Ok(self.readers.with(|reader| reader.index.newest(list))?.map_or(0, |(version, _)| version))
            }
        }
    }
}

/// Numbers beyond this are no positions: SQLite's end below.
const FAR: u64 = 1 << 62;

trait Take {
    fn take(&mut self, event: Arc<StoredEvent>, limit: usize) -> bool;
}

impl Take for Events {
    /// Adds an event; where that would be more than `limit`, says that there are more instead.
    fn take(&mut self, event: Arc<StoredEvent>, limit: usize) -> bool {
        self.complete = self.events.len() < limit;
        if self.complete {
            self.events.push(event);
        }
        self.complete
    }
}

fn bears_name(boundary: &Boundary, event: &StoredEvent) -> bool {
    boundary.names.is_empty() || boundary.names.contains(&&*event.name)
}

/// The positions of the versions after `after`, from runs that may overlap.
fn join_versions(runs: &[Run], after: Version, until: Position) -> Result<Vec<Position>, LogError> {
    let mut positions = Vec::new();
    for run in runs {
        let next = after + 1 + positions.len() as u64;
        if run.version > next {
            return Err(index_damaged());
        }
        let known = usize::try_from(next - run.version).unwrap_or(usize::MAX);
        let new = run.positions.iter().skip(known);
        positions.extend(new.take_while(|at| **at <= until));
    }
    Ok(positions)
}

/// What two rising lists have in common.
fn intersection(left: &[Position], right: &[Position]) -> Vec<Position> {
    let mut right = right.iter().copied().peekable();
    let mut common = Vec::new();
    for position in left {
        while right.next_if(|at| at < position).is_some() {}
        if right.next_if_eq(position).is_some() {
            common.push(*position);
        }
    }
    common
}
