//! What a log must have done, given what it holds in the end and what it answered.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use watershed_core::ports::{Append, AppendError, Appended, Expected, KeyRecord};
use watershed_core::{Boundary, Position, StoredEvent, StreamId, Tenant, Version};

use super::draft::{Facts, expected, found};
use super::storm::Asked;
use crate::conformance::promise::{Checked, Problem, holds, same};
use crate::record::within;

/// A log, read whole.
#[derive(Debug, PartialEq)]
pub(super) struct Model(Vec<Facts>);

impl Model {
    pub(super) fn new(events: &[Arc<StoredEvent>]) -> Self {
        Self(events.iter().map(|event| found(event)).collect())
    }

    fn at(&self, position: Position) -> Option<&Facts> {
        self.0.get(usize::try_from(position).ok()?.checked_sub(1)?)
    }

    /// The positions of a stream's events; their versions must be contiguous.
    pub(super) fn stream(&self, tenant: &Tenant, stream: &StreamId) -> Vec<Position> {
        let of = |fact: &&Facts| fact.tenant == *tenant && fact.stream == *stream;
        self.0.iter().filter(of).map(|fact| fact.position).collect()
    }

    /// The positions of what the boundary matches.
    pub(super) fn within(&self, tenant: &Tenant, boundary: &Boundary) -> Vec<Position> {
        let of = |fact: &&Facts| fact.tenant == *tenant && within(boundary, &fact.name, &fact.tags);
        self.0.iter().filter(of).map(|fact| fact.position).collect()
    }

    /// The stream's version as of that position.
    fn version(&self, append: &Append, position: Position) -> Version {
        let stream = self.stream(&append.tenant, &append.stream);
        stream.iter().filter(|at| **at <= position).count() as u64
    }

    /// The answer must be what the log as it is allows.
    pub(super) fn explains(&self, asked: &Asked) -> Checked {
        let explained = match &asked.answer {
            Ok(appended) => self.explains_taken(asked, *appended),
            Err(error) => self.explains_refused(asked, error),
        };
        explained.map_err(|Problem(problem)| {
            Problem(format!("{problem}\nthe head was {}, and the append {:#?}", asked.head, asked.append))
        })
    }

    fn explains_taken(&self, asked: &Asked, appended: Appended) -> Checked {
        let append = &asked.append;
        let count = append.events.len() as u64;
        let before = appended.position - count;
        holds!(before >= asked.head, "it stands at {}, but was asked for later", appended.position);
        for fact in expected(append, appended.position, appended.version) {
            same("an event", &self.at(fact.position), &Some(&fact))?;
        }
        same("the stream's version after it", &appended.version, &self.version(append, appended.position))?;
        if let Expected::Version(version) = append.expected {
            same("the version before it", &(appended.version - count), &version)?;
        }
        for condition in &append.conditions {
            let matching = self.within(&append.tenant, &condition.boundary);
            let between = matching.iter().find(|at| **at > condition.after && **at <= before);
            holds!(between.is_none(), "it was taken though {between:?} had come in between");
        }
        Ok(())
    }

    fn explains_refused(&self, asked: &Asked, error: &AppendError) -> Checked {
        let append = &asked.append;
        for event in &append.events {
            holds!(
                !self.0.iter().any(|fact| fact.id == event.id),
                "it was refused ({error}), but its event {} is there",
                event.id
            );
        }
        match error {
            AppendError::Conflict { expected, actual } => {
                same("the version that it expected", &Expected::Version(*expected), &append.expected)?;
                let (then, now) = (self.version(append, asked.head), self.version(append, u64::MAX));
                holds!(
                    actual != expected && (then..=now).contains(actual),
                    "it conflicts with version {actual}, but the stream was at {then} and is at {now}"
                );
            }
            AppendError::BoundaryMoved { position } => {
                let matches = append.conditions.iter().any(|condition| {
                    let matching = self.within(&append.tenant, &condition.boundary);
                    *position > condition.after && matching.contains(position)
                });
                holds!(matches, "event {position} came in between, but matches none of its conditions");
            }
            AppendError::TagTaken { tag, position } => {
                let own = append.events.iter().flat_map(|event| &event.tags).filter(|own| own.once);
                let times = own.filter(|own| own.name == tag.name && own.value == tag.value).count();
                let bears =
                    |fact: &Facts| fact.tags.contains(&tag.to_string()) && fact.tenant == append.tenant;
                holds!(
                    times > 1 || (times == 1 && self.at(*position).is_some_and(bears)),
                    "event {position} does not bear the tag {tag}, or it is not the append's"
                );
            }
            AppendError::KeyTaken { position } => {
                holds!(append.idempotency.is_some(), "it has no key, and was refused for one");
                holds!(self.at(*position).is_some(), "there is no event {position}");
            }
            other => return Err(Problem(format!("nothing of this kind should happen: {other}"))),
        }
        Ok(())
    }

    /// What is in the log was asked for, and acknowledged.
    pub(super) fn nothing_else(&self, asked: &[Asked]) -> Checked {
        let taken: HashSet<_> = asked
            .iter()
            .filter(|asked| asked.answer.is_ok())
            .flat_map(|asked| asked.append.events.iter().map(|event| event.id))
            .collect();
        let stray = self.0.iter().find(|fact| !taken.contains(&fact.id));
        holds!(stray.is_none(), "nobody was told that this was taken: {stray:#?}");
        same("how many events there are", &self.0.len(), &taken.len())?;
        let mut versions: HashMap<(&Tenant, &StreamId), Version> = HashMap::new();
        for fact in &self.0 {
            let version = versions.entry((&fact.tenant, &fact.stream)).or_default();
            *version += 1;
            same(&format!("the version of event {}", fact.position), &fact.version, version)?;
        }
        Ok(())
    }

    /// Keys, and tags that may be used once, were used once.
    pub(super) fn uses_once(&self, asked: &[Asked]) -> Checked {
        let mut used: BTreeMap<String, u32> = BTreeMap::new();
        for Asked { append, .. } in asked.iter().filter(|asked| asked.answer.is_ok()) {
            if let (Some(idempotency), false) = (&append.idempotency, append.events.is_empty()) {
                *used.entry(format!("{}: key {}", append.tenant, idempotency.key)).or_default() += 1;
            }
            for tag in append.events.iter().flat_map(|event| &event.tags).filter(|tag| tag.once) {
                *used.entry(format!("{}: tag {tag}", append.tenant)).or_default() += 1;
            }
        }
        let twice: Vec<_> = used.into_iter().filter(|(_, times)| *times > 1).collect();
        holds!(twice.is_empty(), "used more than once: {twice:?}");
        Ok(())
    }

    /// What is known of a key must be what the append with that key, where one was taken, says.
    pub(super) fn key(
        &self,
        tenant: &Tenant,
        key: &str,
        asked: &Asked,
        found: Option<&KeyRecord>,
    ) -> Checked {
        let Some(record) = found else {
            let taken = asked.answer.is_ok() && !asked.append.events.is_empty();
            holds!(!taken, "{key} is not found, but an append with it was taken");
            return Ok(());
        };
        let count = record.events.len() as u64;
        for (name, number) in record.events.iter().zip(1..) {
            let event = self.at(record.position + number - count);
            let fits = |fact: &Facts| {
                fact.tenant == *tenant
                    && fact.stream == record.stream
                    && fact.name == **name
                    && fact.version == record.version + number - count
            };
            holds!(event.is_some_and(fits), "{key} is said to be {record:?}, but the log has {event:#?}");
        }
        if let Ok(appended) = asked.answer
            && !asked.append.events.is_empty()
        {
            let said = (record.position, record.version, count);
            let wanted = (appended.position, appended.version, asked.append.events.len() as u64);
            same(&format!("where {key} stands"), &said, &wanted)?;
        }
        Ok(())
    }
}
