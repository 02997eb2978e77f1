use std::sync::Arc;

use watershed_core::Position;

use super::filter::Filter;
use crate::log::lists::ListId;

/// Bits of a block's number that count within its run.
const BLOCK_BITS: u32 = 24;

/// A sorted stretch of the lists: what is known of it without reading it.
#[derive(Debug)]
pub(crate) struct Run {
    pub(super) number: i64,
    pub(super) level: u32,
    /// It holds the events after this position.
    pub(crate) after: Position,
    /// Up to this one.
    pub(crate) until: Position,
    pub(super) records: usize,
    /// For each block, the first half of the first list in it.
    pub(super) fences: Box<[u64]>,
    /// None where it would take too much memory.
    pub(super) filter: Option<Filter>,
    /// Shared by everybody who may still read its blocks.
    pub(super) in_use: Arc<()>,
}

/// The number that a run's block stands under.
pub(super) fn block_number(run: i64, block: usize) -> i64 {
    (run << BLOCK_BITS) + block as i64
}

/// The first half of a list's id.
pub(super) fn half(list: ListId) -> u64 {
    (list.0 >> 64) as u64
}

impl Run {
    /// The same, in less memory.
    pub(super) fn without_filter(&self) -> Self {
        Self { fences: self.fences.clone(), filter: None, in_use: self.in_use.clone(), ..*self }
    }

    /// Whether there may be something of the list in it. Most lists that are not in it are denied.
    pub(crate) fn may_hold(&self, list: ListId) -> bool {
        self.filter.as_ref().is_none_or(|filter| filter.may_hold(list))
    }

    /// The blocks that hold the records of the list, where there are any.
    pub(super) fn blocks_of(&self, list: ListId) -> std::ops::Range<usize> {
        let half = half(list);
        // A list may begin in the block before the first whose fence it reaches.
        let start = self.fences.partition_point(|fence| *fence < half).saturating_sub(1);
        let end = self.fences.partition_point(|fence| *fence <= half);
        start..end
    }
}

/// The runs, older first: every event up to the last one's end is in one of them.
pub(crate) type Runs = Arc<[Arc<Run>]>;
