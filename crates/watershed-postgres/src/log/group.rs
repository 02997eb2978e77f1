//! The appends of one commit: what each may rest on, and where its events stand.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;
use watershed_core::ports::{
    AppendError, Appended, Expected, InlineFold, Line, LogError, NameCache, RowError, RowKey, RowsNow,
    StoredRow,
};
use watershed_core::{Position, StoredEvent, Tenant, Version};
use watershed_store::{EventRow, Link, checksum, next_link, to_sql};

use super::prepared::Queued;
use super::prepared::{Boundary, Prepared};
use watershed_store::Answer;

/// What is known of the log's end, as far as the group rests on it.
#[derive(Default)]
pub(super) struct Known {
    pub(super) head: Position,
    /// 0 for a stream that is not here.
    pub(super) versions: HashMap<Uuid, Version>,
    /// By the place of the append.
    pub(super) keys: HashMap<usize, Position>,
    pub(super) tags: HashMap<Uuid, Position>,
    /// By the place of the append.
    pub(super) moved: HashMap<usize, Position>,
    /// The lines of appends that groups before this one have refused, and that have not been told so yet.
    pub(super) broken: Vec<Line>,
}

/// An event in its place.
pub(super) struct Placed<'a> {
    pub(super) append: &'a Prepared,
    /// Which of the append's events it is.
    pub(super) place: usize,
    pub(super) position: Position,
    pub(super) version: Version,
}

impl<'a> Placed<'a> {
    pub(super) fn name(&self) -> &'static str {
        self.append.append.events[self.place].name
    }

    /// What stands for its tags.
    pub(super) fn lists(&self) -> &'a [Uuid] {
        &self.append.tags[self.place].lists
    }

    /// What stands for the idempotency key, on the first event of an append.
    pub(super) fn key(&self) -> Option<Uuid> {
        self.append.key.filter(|_| self.place == 0)
    }

    /// Where it would be, and under which id.
    pub(super) fn found_by(&self) -> (Position, Uuid) {
        (self.position, Uuid::from_bytes(*self.append.append.events[self.place].id.as_bytes()))
    }

    pub(super) fn row(&self) -> EventRow<'a> {
        let append = &self.append.append;
        let event = &append.events[self.place];
        let first = self.place == 0;
        let idempotency = append.idempotency.as_ref().filter(|_| first);
        EventRow {
            position: self.position,
            id: event.id.as_bytes(),
            tenant: append.tenant.as_str(),
            category: &append.stream.category,
            stream: &append.stream.id,
            version: self.version,
            name: event.name,
            schema: event.schema,
            payload: &event.payload,
            recorded_at: append.recorded_at.as_micros(),
            actor: append.actor.as_deref(),
            correlation: append.correlation.as_deref(),
            causation: append.causation.as_deref(),
            traceparent: append.traceparent.as_deref(),
            tags: self.append.tags[self.place].json.as_deref(),
            idem_key: idempotency.map(|idempotency| &*idempotency.key),
            fingerprint: idempotency.map(|idempotency| &idempotency.fingerprint[..]),
            follows: first.then_some(self.append.follows),
            key_id: None,
        }
    }

    fn stored(&self, names: &mut NameCache) -> Result<StoredEvent, LogError> {
        self.row().raw()?.to_stored(names)
    }
}

/// What shows later that a group's events are what was written.
pub(super) struct Seal {
    pub(super) sums: Vec<i64>,
    pub(super) link: Link,
}

/// What a group has taken, on top of what is known.
pub(super) struct Group<'a> {
    known: Known,
    pub(super) placed: Vec<Placed<'a>>,
    keys: HashMap<Uuid, Position>,
    tags: HashMap<Uuid, Position>,
}

impl<'a> Group<'a> {
    /// Takes those of the appends that may be taken, and says what each is to be answered.
    pub(super) fn take(
        known: Known,
        appends: &'a [Queued],
        folds: &mut [Box<dyn InlineFold>],
    ) -> (Self, Vec<Answer>) {
        let mut group = Self { known, placed: Vec::new(), keys: HashMap::new(), tags: HashMap::new() };
        let answers = appends
            .iter()
            .enumerate()
            .map(|(place, queued)| {
                let taken = group.take_one(place, &queued.append, folds);
                if taken.is_err() {
                    group.known.broken.extend(queued.append.append.line.clone());
                }
                taken
            })
            .collect();
        (group, answers)
    }

    /// The position of the last event before the group.
    pub(super) fn before(&self) -> Position {
        self.known.head
    }

    /// The position of the last event that is there, or taken.
    pub(super) fn last(&self) -> Position {
        self.known.head + self.placed.len() as u64
    }

    /// The keys of appends that are not written: whether these have been used comes first, and the index of keys only tells of
    /// what is written.
    pub(super) fn left_keys(&self, appends: &[Queued]) -> Vec<Uuid> {
        appends
            .iter()
            .filter_map(|queued| queued.append.key)
            .filter(|key| !self.keys.contains_key(key))
            .collect()
    }

    /// What has been said of streams and is to be held against the database: not that one is new where the group writes to it, since
    /// the index of streams takes no second first event.
    pub(super) fn left_versions(&self, mut said: Vec<(Uuid, Version)>) -> Vec<(Uuid, Version)> {
        said.retain(|(stream, version)| *version > 0 || self.known.versions.get(stream) == Some(&0));
        said
    }

    /// What is known once the group has been committed.
    pub(super) fn into_known(self) -> Known {
        self.known
    }

    fn take_one(&mut self, place: usize, append: &'a Prepared, folds: &mut [Box<dyn InlineFold>]) -> Answer {
        let version = self.check(place, append)?;
        if append.append.events.is_empty() {
            return Ok(Appended { position: self.last(), version });
        }
        let before = self.last();
        let events = (0..append.append.events.len()).zip(1..);
        let placed: Vec<_> = events
            .map(|(place, next)| Placed { append, place, position: before + next, version: version + next })
            .collect();
        fold(folds, &placed)?;
        if let Some(key) = append.key {
            self.keys.insert(key, before + 1);
        }
        for event in &placed {
            for tag in event.lists() {
                self.tags.entry(*tag).or_insert(event.position);
            }
        }
        let last = version + placed.len() as u64;
        self.known.versions.insert(append.stream, last);
        self.placed.extend(placed);
        Ok(Appended { position: self.last(), version: last })
    }

    fn check(&self, place: usize, append: &Prepared) -> Result<Version, AppendError> {
        if let Some(key) = append.key
            && let Some(position) = self.known.keys.get(&place).or_else(|| self.keys.get(&key))
        {
            return Err(AppendError::KeyTaken { position: *position });
        }
        let actual = self.known.versions.get(&append.stream).copied().unwrap_or(0);
        if let Expected::Version(expected) = append.append.expected
            && (expected != actual || self.is_broken(append))
        {
            return Err(AppendError::Conflict { expected, actual });
        }
        let known = self.known.moved.get(&place).copied();
        let taken = || append.conditions.iter().find_map(|one| self.matched(&append.append.tenant, one));
        if let Some(position) = known.or_else(taken) {
            return Err(AppendError::BoundaryMoved { position });
        }
        self.check_once(append)?;
        Ok(actual)
    }

    /// Whether something that the append was decided upon was refused.
    fn is_broken(&self, append: &Prepared) -> bool {
        let line = append.append.line.as_ref();
        line.is_some_and(|line| line.is_broken() || self.known.broken.iter().any(|broken| broken.is(line)))
    }

    /// The first event that the group has taken and the boundary matches.
    fn matched(&self, tenant: &Tenant, boundary: &Boundary) -> Option<Position> {
        // Most boundaries have a tag that nothing in the group bears.
        if boundary.tags.iter().any(|tag| !self.tags.contains_key(tag)) {
            return None;
        }
        let found = self.placed.iter().find(|event| {
            let of = &event.append.append.tenant;
            event.position > boundary.after && boundary.matches(tenant, of, event.name(), event.lists())
        });
        found.map(|event| event.position)
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

    /// What stands for each tag, and the position and name of the event that bears it; once, whatever the event says twice.
    pub(super) fn borne(&self) -> impl Iterator<Item = (Uuid, Position, &'static str)> {
        self.placed.iter().flat_map(|event| {
            let lists = event.lists().iter().enumerate();
            let anew = lists.filter(|(place, list)| !event.lists()[..*place].contains(list));
            anew.map(|(_, list)| (*list, event.position, event.name()))
        })
    }

    /// The same without the names, column by column.
    pub(super) fn tags(&self) -> (Vec<Uuid>, Vec<i64>) {
        self.borne().map(|(tag, position, _)| (tag, to_sql(position))).unzip()
    }

    /// The events as readers have them.
    pub(super) fn stored(&self) -> impl Iterator<Item = Result<StoredEvent, LogError>> {
        let mut names = NameCache::default();
        self.placed.iter().map(move |event| event.stored(&mut names))
    }

    /// The checksums of the events, and the link of the commit: the one before where there are no events.
    pub(super) fn seal(&self, previous: &Link) -> Seal {
        if self.placed.is_empty() {
            return Seal { sums: Vec::new(), link: *previous };
        }
        let mut columns = Vec::new();
        let mut sums = Vec::with_capacity(self.placed.len());
        for event in &self.placed {
            let start = columns.len();
            event.row().encode(&mut columns);
            sums.push(to_sql(checksum(&columns[start..])));
        }
        Seal { sums, link: next_link(previous, &columns) }
    }
}

/// Has the inline folds see the append's events. Rows beside the log are not kept here.
fn fold(folds: &mut [Box<dyn InlineFold>], placed: &[Placed<'_>]) -> Result<(), AppendError> {
    if folds.is_empty() {
        return Ok(());
    }
    let mut names = NameCache::default();
    let events: Result<Vec<_>, LogError> =
        placed.iter().map(|event| event.stored(&mut names).map(Arc::new)).collect();
    let events = events.map_err(AppendError::Unreadable)?;
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
