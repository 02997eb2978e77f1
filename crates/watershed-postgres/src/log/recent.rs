//! What a process knows of the log's end by itself, as long as nobody else appends.

use std::collections::{HashMap, VecDeque};

use uuid::Uuid;
use watershed_core::{Position, Tenant, Version};
use watershed_store::Link;

use super::group::{Group, Known};
use super::prepared::Boundary;
use super::queue::Queued;
use super::wanted::Wanted;

/// How many streams' versions are remembered, and how many events.
const STREAMS: usize = 200_000;
const EVENTS: usize = 8_192;

/// The log's end as this process has made or found it.
pub(super) struct Recent {
    pub(super) head: Position,
    pub(super) link: Link,
    versions: HashMap<Uuid, Version>,
    /// The events behind `since`.
    events: VecDeque<Passed>,
    since: Position,
}

/// An event that has been appended here.
struct Passed {
    position: Position,
    tenant: Tenant,
    name: &'static str,
    lists: Box<[Uuid]>,
}

impl Recent {
    pub(super) fn new(head: Position, link: Link) -> Self {
        Self { head, link, versions: HashMap::new(), events: VecDeque::new(), since: head }
    }

    /// The streams whose versions are neither remembered nor said by who appends.
    pub(super) fn unknown(&self, wanted: &Wanted) -> Vec<Uuid> {
        let unknown = wanted
            .expected
            .iter()
            .filter(|(stream, expected)| expected.is_none() && !self.versions.contains_key(stream));
        unknown.map(|(stream, _)| *stream).collect()
    }

    pub(super) fn remember(&mut self, versions: HashMap<Uuid, Version>) {
        if self.versions.len() + versions.len() > STREAMS {
            // The hot ones come back at once.
            self.versions.clear();
        }
        self.versions.extend(versions);
    }

    /// What the appends rest on, where that can be said; and the versions that have been taken on trust.
    pub(super) fn known(&self, wanted: &Wanted, appends: &[Queued]) -> Option<(Known, Vec<(Uuid, Version)>)> {
        let mut known = Known { head: self.head, ..Known::default() };
        let mut trusted = Vec::new();
        for (stream, expected) in &wanted.expected {
            let version = match (self.versions.get(stream), expected) {
                (Some(version), _) => *version,
                (None, Some(expected)) => {
                    trusted.push((*stream, *expected));
                    *expected
                }
                (None, None) => return None,
            };
            known.versions.insert(*stream, version);
        }
        for (place, Queued { append, .. }) in appends.iter().enumerate() {
            if let Some(condition) = &append.condition {
                if condition.after < self.since {
                    return None;
                }
                if let Some(position) = self.matched(&append.append.tenant, condition) {
                    known.moved.insert(place, position);
                }
            }
        }
        Some((known, trusted))
    }

    fn matched(&self, tenant: &Tenant, boundary: &Boundary) -> Option<Position> {
        let behind = self.events.partition_point(|event| event.position <= boundary.after);
        let mut events = self.events.range(behind..);
        let found = events.find(|event| boundary.matches(tenant, &event.tenant, event.name, &event.lists));
        found.map(|event| event.position)
    }

    /// The group has been committed: the log ends with it.
    pub(super) fn pass(&mut self, group: Group<'_>, link: Link) {
        (self.head, self.link) = (group.last(), link);
        self.events.extend(group.placed.iter().map(|event| Passed {
            position: event.position,
            tenant: event.append.append.tenant.clone(),
            name: event.name(),
            lists: event.lists().into(),
        }));
        while self.events.len() > EVENTS {
            if let Some(event) = self.events.pop_front() {
                self.since = event.position;
            }
        }
        self.remember(group.into_versions());
    }
}
