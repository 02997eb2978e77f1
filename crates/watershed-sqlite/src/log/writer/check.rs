//! What must hold for an append to be taken, with everything that the group has taken before it.

use watershed_core::ports::{AppendError, Expected, Line};
use watershed_core::{Position, Version};

use super::Writer;
use crate::log::lists::ListId;
use crate::log::lookup::{Access, Lookup};
use crate::log::prepared::{Prepared, PreparedCondition};
use crate::state;

impl Writer {
    /// Whether the append may be taken, and the version that its stream is at.
    pub(super) fn check(&mut self, append: &Prepared) -> Result<Version, AppendError> {
        if let Some((list, _)) = &append.idempotency
            && let Some(position) = self.since(*list, append.looked_until)?
        {
            return Err(AppendError::KeyTaken { position });
        }
        let actual = self.version(append.list)?;
        let is_broken = append.line.as_ref().is_some_and(Line::is_broken);
        if let Expected::Version(expected) = append.expected
            && (expected != actual || is_broken)
        {
            return Err(AppendError::Conflict { expected, actual });
        }
        for condition in &append.conditions {
            if let Some(position) = self.matched(append, condition)? {
                return Err(AppendError::BoundaryMoved { position });
            }
        }
        self.check_once(append)?;
        Ok(actual)
    }

    /// The row that the append's state stands in must be at the version that is expected, with what the group has saved. Whoever
    /// changes it from outside waits from here on until the group is committed.
    pub(super) fn check_state(&mut self, append: &Prepared) -> Result<(), AppendError> {
        let Some(save) = &append.save else { return Ok(()) };
        self.begin().map_err(|error| AppendError::ReadOnly(error.to_string()))?;
        let actual = state::version_of(&self.connection, save, &append.tenant, &append.stream.id)?;
        if actual == save.expected {
            return Ok(());
        }
        Err(AppendError::StateMoved { expected: save.expected, actual })
    }

    /// Everything that is durable or taken by the group.
    fn lookup(&self) -> Lookup<'_> {
        Lookup { layers: &self.layers, access: Access::Own(&self.reader.index), until: Position::MAX }
    }

    /// The stream's version, with what the group has taken.
    fn version(&mut self, stream: ListId) -> Result<Version, AppendError> {
        if let Some(version) = self.heads.get(stream) {
            return Ok(version);
        }
        let version = self.lookup().version(stream).map_err(AppendError::Unreadable)?;
        self.heads.put(stream, version);
        Ok(version)
    }

    /// Where a list has an entry that somebody who has looked up to `looked_until` has not seen.
    fn since(&self, list: ListId, looked_until: Position) -> Result<Option<Position>, AppendError> {
        self.lookup().oldest_since(list, looked_until).map_err(AppendError::Unreadable)
    }

    fn check_once(&self, append: &Prepared) -> Result<(), AppendError> {
        for (place, event) in append.events.iter().enumerate() {
            for (tag, list) in event.event.tags.iter().zip(&event.lists).filter(|(tag, _)| tag.once) {
                let earlier = append.events[..place]
                    .iter()
                    .position(|other| other.lists.contains(list))
                    .map(|other| self.last() + 1 + other as u64);
                let taken = match earlier {
                    Some(position) => Some(position),
                    None => self.since(*list, 0)?,
                };
                if let Some(position) = taken {
                    return Err(AppendError::TagTaken { tag: tag.clone(), position });
                }
            }
        }
        Ok(())
    }

    /// The first event after the condition's position that its boundary matches.
    fn matched(
        &mut self,
        append: &Prepared,
        condition: &PreparedCondition,
    ) -> Result<Option<Position>, AppendError> {
        let after = condition.after;
        let candidates = if condition.lists.is_empty() {
            (after + 1..=self.last()).collect()
        } else {
            self.lookup().positions_in_all(&condition.lists, after).map_err(AppendError::Unreadable)?
        };
        for position in candidates {
            let (same_tenant, named) = self.look_at(position, append, condition)?;
            if same_tenant && named {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    /// Whether the event at `position` is of the append's tenant, and bears one of the condition's names.
    fn look_at(
        &mut self,
        position: Position,
        append: &Prepared,
        condition: &PreparedCondition,
    ) -> Result<(bool, bool), AppendError> {
        let fits = |tenant: &str, name: &str| {
            let named = condition.names.is_empty() || condition.names.contains(&name);
            (tenant == append.tenant.as_str(), named)
        };
        let head = self.shared.head();
        if let Some(ahead) = position.checked_sub(head + 1)
            && let Some(staged) = usize::try_from(ahead).ok().and_then(|ahead| self.group.staged.get(ahead))
        {
            return Ok(fits(staged.event.tenant.as_str(), &staged.event.name));
        }
        if let Some(event) = self.shared.ring.get(position) {
            return Ok(fits(event.tenant.as_str(), &event.name));
        }
        self.reader
            .one(position, |row| Ok(fits(row.event.tenant, row.event.name)))
            .map_err(AppendError::Unreadable)
    }
}
