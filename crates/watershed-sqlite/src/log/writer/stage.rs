//! Takes an append: its events get their places, and are found by the appends behind it.

use std::sync::Arc;

use watershed_core::ports::{AppendError, Appended};
use watershed_core::{Envelope, Position, StoredEvent, Version};
use watershed_store::First;

use super::Writer;
use super::group::Staged;
use crate::log::lists::ListId;
use crate::log::prepared::{Prepared, PreparedEvent};
use watershed_store::Answer;

impl Writer {
    /// Checks an append, and takes it into the group where it may be taken.
    pub(super) fn take(&mut self, append: Prepared) -> Answer {
        let line = append.line.clone();
        let taken = self.take_one(append);
        if let (Err(_), Some(line)) = (&taken, line) {
            line.break_off();
        }
        taken
    }

    fn take_one(&mut self, append: Prepared) -> Answer {
        let version = self.check(&append)?;
        self.check_state(&append)?;
        if append.events.is_empty() {
            return Ok(Appended { position: self.last(), version });
        }
        if let Some(refusal) = self.shared.standing.refusal() {
            return Err(refusal);
        }
        self.stage(append, version)
    }

    fn stage(&mut self, mut append: Prepared, version: Version) -> Answer {
        let before = self.last();
        let follows = u32::try_from(append.events.len() - 1).map_err(|_| too_many())?;
        let events = std::mem::take(&mut append.events);
        let mut staged = Vec::with_capacity(events.len());
        let mut lists = Vec::with_capacity(events.len());
        for (event, place) in events.into_iter().zip(1..) {
            let (event, of_tags) = self.place(&append, event, before + place, version + place);
            staged.push(event);
            lists.push(of_tags);
        }
        self.write_beside(&append, &staged)?;
        let last = version + staged.len() as u64;
        self.list(&append, before, version, &lists);
        if let Some(first) = staged.first_mut() {
            first.first =
                Some(First { idempotency: append.idempotency.map(|(_, idempotency)| idempotency), follows });
        }
        self.group.staged.append(&mut staged);
        Ok(Appended { position: self.last(), version: last })
    }

    /// The event in its place, and the lists of its tags.
    fn place(
        &mut self,
        append: &Prepared,
        event: PreparedEvent,
        position: Position,
        version: Version,
    ) -> (Staged, Vec<ListId>) {
        let PreparedEvent { event, lists, texts, json } = event;
        let envelope = Arc::new(Envelope {
            position,
            id: event.id,
            tenant: append.tenant.clone(),
            stream: append.stream.clone(),
            version,
            name: self.names.shared(event.name),
            schema: event.schema,
            recorded_at: append.recorded_at,
            actor: append.actor.clone(),
            correlation: append.correlation.clone(),
            causation: append.causation.clone(),
            traceparent: append.traceparent.clone(),
        });
        let event = Arc::new(StoredEvent { envelope, payload: event.payload, tags: texts });
        let first = None;
        (Staged { event, tags: json, first }, lists)
    }

    /// Puts the append's events, which stand after `before`, into their lists.
    fn list(&mut self, append: &Prepared, before: Position, version: Version, tags: &[Vec<ListId>]) {
        let active = self.layers.active();
        let mut add = |list: ListId, version: Version, position: Position| {
            active.add(list, version, position);
            self.group.touched.push(list);
        };
        if let Some((list, _)) = &append.idempotency {
            add(*list, 0, before + 1);
        }
        for (lists, place) in tags.iter().zip(1..) {
            add(append.list, version + place, before + place);
            for list in lists {
                add(*list, 0, before + place);
            }
        }
        self.heads.put(append.list, version + tags.len() as u64);
    }
}

fn too_many() -> AppendError {
    AppendError::ReadOnly("an append holds more events than can be counted".to_owned())
}
