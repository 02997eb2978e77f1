//! The upkeep of rollups: groups of accumulators that take a row's old contribution out and its new one in.

mod accumulator;
mod bag;
mod group;
mod item;
mod state;
mod table;
mod total;

pub(crate) use state::RollupState;
pub(crate) use table::RollupTable;

use accumulator::Accumulator;
use bag::{Bag, Pages};
use item::Item;
use total::Total;
use watershed_core::ports::{RowKey, StoredRow};

use super::trouble::Trouble;

/// Reads a stored page of a rollup's values.
pub(crate) type ReadRow<'a> = &'a mut dyn FnMut(&RowKey) -> Result<Option<StoredRow>, Trouble>;

/// For groups of which nothing is stored, so that nothing of them can be read.
pub(crate) fn nothing_is_stored(_: &RowKey) -> Result<Option<StoredRow>, Trouble> {
    Ok(None)
}
