use std::sync::Arc;

use watershed_core::{Position, Version};

use super::block::Filling;
use super::filter::Filter;
use super::run::{Run, block_number, half};
use crate::log::lists::ListId;

/// Takes a block's number and bytes.
type Write<'a, E> = &'a mut dyn FnMut(i64, &[u8]) -> Result<(), E>;

/// A run that is being written: takes lists by rising id, gives blocks.
#[derive(Debug)]
pub(super) struct Build {
    number: i64,
    filling: Filling,
    block: Vec<u8>,
    fences: Vec<u64>,
    filter: Filter,
    records: usize,
}

impl Build {
    /// A run of at most so many lists.
    pub(super) fn new(number: i64, lists: usize) -> Self {
        Self {
            number,
            filling: Filling::default(),
            block: Vec::new(),
            fences: Vec::new(),
            filter: Filter::for_lists(lists),
            records: 0,
        }
    }

    pub(super) fn number(&self) -> i64 {
        self.number
    }

    /// How many blocks have been written.
    pub(super) fn blocks(&self) -> usize {
        self.fences.len()
    }

    /// Adds a list, or more of the list that was added last. Full blocks go to `write`, with their numbers.
    pub(super) fn add<E>(
        &mut self,
        list: ListId,
        mut version: Version,
        mut positions: &[Position],
        write: Write<'_, E>,
    ) -> Result<(), E> {
        self.filter.add(list);
        while !positions.is_empty() {
            let taken = self.filling.add(list, version, positions);
            if taken > 0 {
                self.records += 1;
            }
            version += taken as u64;
            positions = &positions[taken..];
            if !positions.is_empty() {
                self.flush(write)?;
            }
        }
        Ok(())
    }

    fn flush<E>(&mut self, write: Write<'_, E>) -> Result<(), E> {
        let Some(first) = self.filling.first() else { return Ok(()) };
        let number = block_number(self.number, self.fences.len());
        self.fences.push(half(first));
        self.filling.finish(number, &mut self.block);
        write(number, &self.block)
    }

    /// The run, with its last block written.
    pub(super) fn finish<E>(
        mut self,
        level: u32,
        stretch: (Position, Position),
        write: Write<'_, E>,
    ) -> Result<Run, E> {
        self.flush(write)?;
        Ok(Run {
            number: self.number,
            level,
            after: stretch.0,
            until: stretch.1,
            records: self.records,
            fences: self.fences.into(),
            filter: Some(self.filter),
            in_use: Arc::default(),
        })
    }
}
