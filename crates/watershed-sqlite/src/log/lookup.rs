//! Looking up lists: in memory first, in the runs of the index where they may hold something.

use std::ops::ControlFlow;

use watershed_core::ports::LogError;
use watershed_core::{Position, Version};

use super::index::{IndexReader, Run};
use super::lists::ListId;
use super::readers::Readers;
use super::tail::{After, Layers};

/// How blocks of the index are read. Few lookups come to that.
#[derive(Clone, Copy)]
pub(crate) enum Access<'a> {
    /// With a reader of one's own.
    Own(&'a IndexReader),
    /// With one that is idle.
    Pool(&'a Readers),
}

impl Access<'_> {
    fn index<T>(&self, read: impl FnOnce(&IndexReader) -> Result<T, LogError>) -> Result<T, LogError> {
        match self {
            Self::Own(index) => read(index),
            Self::Pool(readers) => readers.with(|reader| read(&reader.index)),
        }
    }
}

/// The lists as they stand at one moment, up to a position.
pub(crate) struct Lookup<'a> {
    pub(crate) layers: &'a Layers,
    pub(crate) access: Access<'a>,
    /// What stands after this position is not looked at.
    pub(crate) until: Position,
}

impl<'a> Lookup<'a> {
    /// The runs that may hold something of the list behind the position `after`, older first.
    fn runs(&self, list: ListId, after: Position) -> impl DoubleEndedIterator<Item = &'a Run> + use<'a> {
        let runs = self.layers.runs().iter();
        runs.map(|run| &**run).filter(move |run| run.until > after && run.may_hold(list))
    }

    /// The position of the first event of the list.
    pub(crate) fn oldest(&self, list: ListId) -> Result<Option<Position>, LogError> {
        self.oldest_since(list, 0)
    }

    /// The position of an event of the list, where there is one that somebody who looked at everything up to `looked` has
    /// not seen.
    pub(crate) fn oldest_since(&self, list: ListId, looked: Position) -> Result<Option<Position>, LogError> {
        for run in self.runs(list, looked) {
            let oldest = self.access.index(|index| index.oldest(run, list))?;
            if let Some((_, position)) = oldest
                && position <= self.until
            {
                return Ok(Some(position));
            }
        }
        Ok(self.layers.oldest(list, self.until))
    }

    /// The stream's version: 0 where it has no events.
    pub(crate) fn version(&self, stream: ListId) -> Result<Version, LogError> {
        if let Some((version, _)) = self.layers.newest(stream, self.until) {
            return Ok(version);
        }
        for run in self.runs(stream, 0).rev() {
            let newest = self.access.index(|index| index.newest(run, stream))?;
            // A run may have come since `until` was the head: more than was asked for is true as well.
            if let Some((version, _)) = newest {
                return Ok(version);
            }
        }
        Ok(0)
    }

    /// The positions of the stream's events behind the version `after`, at most `limit`.
    pub(crate) fn versions(
        &self,
        stream: ListId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Position>, LogError> {
        let mut found =
            Versions { next: after + 1, positions: Vec::new(), limit, until: self.until, gap: false };
        let in_memory = self.oldest_in_memory(stream);
        if in_memory.is_none_or(|version| version > after + 1) {
            for run in self.runs_behind(stream, after)? {
                let mut see = |version: Version, positions: &[Position]| found.add(version, positions);
                self.access.index(|index| index.stretches(run, stream, After::Version(after), &mut see))?;
            }
        }
        self.layers.stretches(stream, After::Version(after), self.until, |version, positions| {
            let _ = found.add(version, positions);
        });
        if found.gap {
            return Err(self.damaged());
        }
        Ok(found.positions)
    }

    /// The version of the first event of the stream that is in memory.
    fn oldest_in_memory(&self, stream: ListId) -> Option<Version> {
        let mut oldest = None;
        self.layers.stretches(stream, After::Version(0), self.until, |version, _| {
            oldest.get_or_insert(version);
        });
        oldest
    }

    /// The runs that hold something of the stream behind the version `after`, older first.
    fn runs_behind(&self, stream: ListId, after: Version) -> Result<Vec<&'a Run>, LogError> {
        let mut runs = Vec::new();
        for run in self.runs(stream, 0).rev() {
            if let Some((version, _)) = self.access.index(|index| index.oldest(run, stream))? {
                runs.push(run);
                if version <= after + 1 {
                    break;
                }
            }
        }
        runs.reverse();
        Ok(runs)
    }

    /// The positions of the list's events behind `after`.
    pub(crate) fn positions(&self, list: ListId, after: Position) -> Result<Vec<Position>, LogError> {
        let mut found = Vec::new();
        for run in self.runs(list, after) {
            let mut see = |_, positions: &[Position]| {
                found.extend(positions.iter().copied().filter(|at| *at > after && *at <= self.until));
                ControlFlow::Continue(())
            };
            self.access.index(|index| index.stretches(run, list, After::Position(after), &mut see))?;
        }
        let all = After::Position(after);
        self.layers.stretches(list, all, self.until, |_, positions| found.extend_from_slice(positions));
        Ok(found)
    }

    /// The positions behind `after` that stand in every one of these lists.
    pub(crate) fn positions_in_all(
        &self,
        lists: &[ListId],
        after: Position,
    ) -> Result<Vec<Position>, LogError> {
        let mut common: Option<Vec<Position>> = None;
        for list in lists {
            let positions = self.positions(*list, after)?;
            common =
                Some(common.map_or_else(|| positions.clone(), |common| intersection(&common, &positions)));
            if common.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
        }
        Ok(common.unwrap_or_default())
    }

    /// What is said of an index that does not fit the log.
    pub(crate) fn damaged(&self) -> LogError {
        match self.access.index(|index| Err::<(), _>(index.damaged())) {
            Err(error) => error,
            // invariant: it was given an error.
            Ok(()) => LogError::Store("the index is damaged".to_owned()),
        }
    }
}

/// The positions of a stream's versions, put together from stretches.
struct Versions {
    next: Version,
    positions: Vec<Position>,
    limit: usize,
    until: Position,
    gap: bool,
}

impl Versions {
    fn add(&mut self, version: Version, positions: &[Position]) -> ControlFlow<()> {
        let Some(known) = self.next.checked_sub(version) else {
            self.gap = self.positions.len() < self.limit;
            return ControlFlow::Break(());
        };
        let new = positions.iter().skip(usize::try_from(known).unwrap_or(usize::MAX));
        let before = self.positions.len();
        let room = self.limit - before;
        self.positions.extend(new.take(room).take_while(|at| **at <= self.until));
        self.next += (self.positions.len() - before) as u64;
        if self.positions.len() == self.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
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
