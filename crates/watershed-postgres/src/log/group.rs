//! The appends of one commit: what each may rest on, and where its events stand.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;
use watershed_core::ports::{
    AppendError, Appended, Expected, InlineFold, RowError, RowKey, RowsNow, StoredRow,
};
use watershed_core::{Envelope, Position, StoredEvent, Tenant, Version};
use watershed_store::{EventRow, Link, checksum, next_link};

use super::prepared::{Boundary, Prepared, Tags};
use super::queue::Answer;

/// What the database knew under the head's lock.
#[derive(Default)]
pub(super) struct Known {
    pub(super) head: Position,
    pub(super) versions: HashMap<Uuid, Version>,
    /// By the place of the append.
    pub(super) keys: HashMap<usize, Position>,
    pub(super) tags: HashMap<Uuid, Position>,
    /// By the place of the append.
    pub(super) moved: HashMap<usize, Position>,
}

/// An event in its place.
pub(super) struct Staged {
    pub(super) event: Arc<StoredEvent>,
    pub(super) stream: Uuid,
    pub(super) tags: Tags,
    /// On the first event of an append.
    pub(super) first: Option<First>,
}

pub(super) struct First {
    pub(super) key: Option<(Uuid, Arc<str>, [u8; 16])>,
    pub(super) follows: u32,
}

impl Staged {
    fn row(&self) -> EventRow<'_> {
        let event = &*self.event;
        let key = self.first.as_ref().and_then(|first| first.key.as_ref());
        EventRow {
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
            tags: self.tags.json.as_deref(),
            idem_key: key.map(|(_, key, _)| &**key),
            fingerprint: key.map(|(_, _, fingerprint)| &fingerprint[..]),
            follows: self.first.as_ref().map(|first| first.follows),
            key_id: None,
        }
    }
}

/// What a group has taken, on top of what the database knows.
pub(super) struct Group {
    known: Known,
    pub(super) staged: Vec<Staged>,
    keys: HashMap<Uuid, Position>,
    tags: HashMap<Uuid, Position>,
}

impl Group {
    pub(super) fn over(known: Known) -> Self {
        Self { known, staged: Vec::new(), keys: HashMap::new(), tags: HashMap::new() }
    }

    /// The position of the last event that is there, or taken.
    pub(super) fn last(&self) -> Position {
        self.known.head + self.staged.len() as u64
    }

    /// Checks the append at that place, and takes it where it may be taken.
    pub(super) fn take(
        &mut self,
        place: usize,
        append: &Prepared,
        folds: &mut [Box<dyn InlineFold>],
    ) -> Answer {
        let version = self.check(place, append)?;
        if append.append.events.is_empty() {
            return Ok(Appended { position: self.last(), version });
        }
        let before = self.last();
        let staged = stage(append, before, version)?;
        fold(folds, &staged)?;
        if let Some(key) = append.key {
            self.keys.insert(key, before + 1);
        }
        for event in &staged {
            for tag in &event.tags.lists {
                self.tags.entry(*tag).or_insert(event.event.position);
            }
        }
        let last = version + staged.len() as u64;
        self.known.versions.insert(append.stream, last);
        self.staged.extend(staged);
        Ok(Appended { position: self.last(), version: last })
    }

    fn check(&self, place: usize, append: &Prepared) -> Result<Version, AppendError> {
        if let Some(key) = append.key {
            let taken = self.keys.get(&key).filter(|position| **position > append.append.looked_until);
            if let Some(position) = self.known.keys.get(&place).or(taken) {
                return Err(AppendError::KeyTaken { position: *position });
            }
        }
        let actual = self.known.versions.get(&append.stream).copied().unwrap_or(0);
        if let Expected::Version(expected) = append.append.expected
            && expected != actual
        {
            return Err(AppendError::Conflict { expected, actual });
        }
        if let Some(condition) = &append.condition {
            let moved = self.known.moved.get(&place).copied();
            if let Some(position) = moved.or_else(|| self.matched(&append.append.tenant, condition)) {
                return Err(AppendError::BoundaryMoved { position });
            }
        }
        self.check_once(append)?;
        Ok(actual)
    }

    /// The first event that the group has taken and the boundary matches.
    fn matched(&self, tenant: &Tenant, boundary: &Boundary) -> Option<Position> {
        let found = self.staged.iter().find(|staged| {
            let event = &staged.event;
            event.position > boundary.after
                && event.tenant == *tenant
                && (boundary.names.is_empty() || boundary.names.contains(&&*event.name))
                && boundary.tags.iter().all(|tag| staged.tags.lists.contains(tag))
        });
        found.map(|staged| staged.event.position)
    }

    fn check_once(&self, append: &Prepared) -> Result<(), AppendError> {
        for (place, (event, tags)) in append.append.events.iter().zip(&append.tags).enumerate() {
            for (tag, list) in event.tags.iter().zip(&tags.lists).filter(|(tag, _)| tag.once) {
                let earlier = append.tags[..place]
                    .iter()
                    .position(|other| other.lists.contains(list))
                    .map(|other| self.last() + 1 + other as u64);
                let known = || self.known.tags.get(list).or_else(|| self.tags.get(list)).copied();
                if let Some(position) = earlier.or_else(known) {
                    return Err(AppendError::TagTaken { tag: tag.clone(), position });
                }
            }
        }
        Ok(())
    }

    /// The checksums of the events, and the link of the commit.
    pub(super) fn seal(&self, previous: &Link) -> (Vec<i64>, Link) {
        let mut columns = Vec::new();
        let mut sums = Vec::with_capacity(self.staged.len());
        for staged in &self.staged {
            let start = columns.len();
            staged.row().encode(&mut columns);
            sums.push(super::row::to_sql(checksum(&columns[start..])));
        }
        (sums, next_link(previous, &columns))
    }
}

/// The append's events in their places.
fn stage(append: &Prepared, before: Position, version: Version) -> Result<Vec<Staged>, AppendError> {
    let Prepared { append, stream, key, tags, .. } = append;
    let follows = u32::try_from(append.events.len() - 1)
        .map_err(|_| AppendError::ReadOnly("an append holds more events than can be counted".to_owned()))?;
    let mut staged = Vec::with_capacity(append.events.len());
    for ((event, tags), place) in append.events.iter().zip(tags).zip(1..) {
        let envelope = Arc::new(Envelope {
            position: before + place,
            id: event.id,
            tenant: append.tenant.clone(),
            stream: append.stream.clone(),
            version: version + place,
            name: event.name.into(),
            schema: event.schema,
            recorded_at: append.recorded_at,
            actor: append.actor.clone(),
            correlation: append.correlation.clone(),
            causation: append.causation.clone(),
            traceparent: append.traceparent.clone(),
        });
        let first = (place == 1).then(|| First {
            key: key
                .zip(append.idempotency.as_ref())
                .map(|(list, idempotency)| (list, idempotency.key.clone(), idempotency.fingerprint)),
            follows,
        });
        let event =
            Arc::new(StoredEvent { envelope, payload: event.payload.clone(), tags: tags.texts.clone() });
        let tags = Tags { lists: tags.lists.clone(), texts: Vec::new(), json: tags.json.clone() };
        staged.push(Staged { event, stream: *stream, tags, first });
    }
    Ok(staged)
}

/// Has the inline folds see the append's events. Rows beside the log are not kept here.
fn fold(folds: &mut [Box<dyn InlineFold>], staged: &[Staged]) -> Result<(), AppendError> {
    let events: Vec<_> = staged.iter().map(|staged| staged.event.clone()).collect();
    for fold in folds {
        let folded = fold.fold(&events, &NoRows);
        let taken = folded.and_then(|rows| match rows.changes.is_empty() {
            true => Ok(()),
            false => Err("rows beside the log are not kept on PostgreSQL yet".to_owned()),
        });
        taken.map_err(|problem| AppendError::InlineRefused { model: fold.name().to_owned(), problem })?;
    }
    Ok(())
}

struct NoRows;

impl RowsNow for NoRows {
    fn row(&self, _: usize, _: &RowKey) -> Result<Option<StoredRow>, RowError> {
        Ok(None)
    }
}
