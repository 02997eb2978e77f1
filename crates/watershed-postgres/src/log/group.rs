//! The appends of one commit: what each may rest on, and where its events stand.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;
use watershed_core::ports::{
    AppendError, Appended, Expected, InlineFold, RowError, RowKey, RowsNow, StoredRow,
};
use watershed_core::{Envelope, Position, StoredEvent, Tenant, Version};
use watershed_store::{EventRow, First, Link, checksum, next_link, to_sql};

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
    /// What stands for its tags, and the tags as they are stored.
    pub(super) lists: Vec<Uuid>,
    pub(super) json: Option<Box<str>>,
    /// On the first event of an append.
    pub(super) first: Option<First>,
    /// On the same: what stands for its idempotency key.
    pub(super) key: Option<Uuid>,
}

impl Staged {
    fn row(&self) -> EventRow<'_> {
        EventRow::of(&self.event, self.json.as_deref(), self.first.as_ref())
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
        append: Prepared,
        folds: &mut [Box<dyn InlineFold>],
    ) -> Answer {
        let version = self.check(place, &append)?;
        if append.append.events.is_empty() {
            return Ok(Appended { position: self.last(), version });
        }
        let before = self.last();
        let (stream, key) = (append.stream, append.key);
        let staged = stage(append, before, version)?;
        fold(folds, &staged)?;
        if let Some(key) = key {
            self.keys.insert(key, before + 1);
        }
        for event in &staged {
            for tag in &event.lists {
                self.tags.entry(*tag).or_insert(event.event.position);
            }
        }
        let last = version + staged.len() as u64;
        self.known.versions.insert(stream, last);
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
                && boundary.tags.iter().all(|tag| staged.lists.contains(tag))
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
            sums.push(to_sql(checksum(&columns[start..])));
        }
        (sums, next_link(previous, &columns))
    }
}

/// The append's events in their places.
fn stage(prepared: Prepared, before: Position, version: Version) -> Result<Vec<Staged>, AppendError> {
    let Prepared { mut append, stream, mut key, tags, .. } = prepared;
    let follows = u32::try_from(append.events.len() - 1)
        .map_err(|_| AppendError::ReadOnly("an append holds more events than can be counted".to_owned()))?;
    let mut first = Some(First { idempotency: append.idempotency, follows });
    let mut staged = Vec::with_capacity(append.events.len());
    for ((event, tags), place) in append.events.drain(..).zip(tags).zip(1..) {
        let Tags { lists, texts, json } = tags;
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
        let event = Arc::new(StoredEvent { envelope, payload: event.payload, tags: texts });
        staged.push(Staged { event, stream, lists, json, first: first.take(), key: key.take() });
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
