//! What a process knows of the log's end by itself, as long as nobody else appends.

use std::borrow::Cow;
use std::collections::{HashMap, VecDeque};

use uuid::Uuid;
use watershed_core::ports::Line;
use watershed_core::{Position, Tenant, Version};
use watershed_store::Link;

use super::group::Group;
use super::prepared::Boundary;
use super::prepared::Queued;
use super::since::Since;
use super::wanted::Wanted;

/// How many streams' versions are remembered, and how many events.
const STREAMS: usize = 200_000;
const EVENTS: usize = 8_192;

/// The log's end as this process has made or found it.
pub(super) struct Recent {
    pub(super) head: Position,
    pub(super) link: Link,
    versions: HashMap<Uuid, Version>,
    /// The events behind `since` that bear tags.
    events: VecDeque<Passed>,
    since: Position,
    /// The lines of appends that were refused, and may not have been told so yet.
    broken: Vec<Line>,
}

/// An event that has been appended and bears tags.
pub(super) struct Passed {
    pub(super) position: Position,
    pub(super) tenant: Tenant,
    pub(super) name: Cow<'static, str>,
    /// What stands for its tags.
    pub(super) lists: Box<[Uuid]>,
}

impl Recent {
    pub(super) fn new(head: Position, link: Link) -> Self {
        Self {
            head,
            link,
            versions: HashMap::new(),
            events: VecDeque::new(),
            since: head,
            broken: Vec::new(),
        }
    }

    /// The log's end by what was known before, and what has come since.
    pub(super) fn after(known: Option<Self>, since: Since) -> Self {
        let (Some(mut recent), Some(others)) = (known, since.others) else {
            return Self::new(since.head, since.link);
        };
        (recent.head, recent.link) = (since.head, since.link);
        recent.add(others.events);
        recent.remember(others.versions);
        recent
    }

    pub(super) fn end(&self) -> (Position, Link) {
        (self.head, self.link)
    }

    pub(super) fn knows(&self, stream: &Uuid) -> bool {
        self.versions.contains_key(stream)
    }

    /// Whether everything that the condition may be about is remembered.
    pub(super) fn reaches(&self, condition: &Boundary) -> bool {
        !condition.tags.is_empty() && condition.after >= self.since
    }

    pub(super) fn remember(&mut self, versions: HashMap<Uuid, Version>) {
        if self.versions.len() + versions.len() > STREAMS {
            // The hot ones come back at once.
            self.versions.clear();
        }
        self.versions.extend(versions);
    }

    /// The versions of the streams that are wanted, where they are known.
    pub(super) fn versions_of(&self, wanted: &Wanted) -> HashMap<Uuid, Version> {
        let known = |stream: &Uuid| Some((*stream, *self.versions.get(stream)?));
        wanted.expected.keys().filter_map(known).collect()
    }

    /// What is remembered and must not have come, by the place of the append.
    pub(super) fn moved<'a>(&'a self, appends: &'a [Queued]) -> impl Iterator<Item = (usize, Position)> + 'a {
        appends.iter().enumerate().filter_map(|(place, Queued { append, .. })| {
            let mut conditions = append.conditions.iter();
            Some((place, conditions.find_map(|one| self.matched(&append.append.tenant, one))?))
        })
    }

    fn matched(&self, tenant: &Tenant, boundary: &Boundary) -> Option<Position> {
        let behind = self.events.partition_point(|event| event.position <= boundary.after);
        let mut events = self.events.range(behind..);
        let found = events.find(|event| boundary.matches(tenant, &event.tenant, &event.name, &event.lists));
        found.map(|event| event.position)
    }

    fn add(&mut self, events: impl IntoIterator<Item = Passed>) {
        self.events.extend(events);
        while self.events.len() > EVENTS {
            if let Some(event) = self.events.pop_front() {
                self.since = event.position;
            }
        }
    }

    pub(super) fn broken(&self) -> Vec<Line> {
        self.broken.clone()
    }

    /// The log ends with the group: it has been committed, or is taken to be.
    pub(super) fn pass(&mut self, group: Group<'_>, link: Link) {
        (self.head, self.link) = (group.last(), link);
        let bearing = group.placed.iter().filter(|event| !event.lists().is_empty());
        self.add(bearing.map(|event| Passed {
            position: event.position,
            tenant: event.append.append.tenant.clone(),
            name: event.name().into(),
            lists: event.lists().into(),
        }));
        let known = group.into_known();
        self.remember(known.versions);
        self.broken = known.broken;
        self.broken.retain(|line| !line.is_broken());
    }
}
