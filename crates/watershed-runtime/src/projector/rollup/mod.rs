//! The upkeep of rollups: groups of accumulators that take a row's old contribution out and its new one in.

mod accumulator;
mod group;
mod state;
mod table;

pub(crate) use state::RollupState;
pub(crate) use table::RollupTable;
