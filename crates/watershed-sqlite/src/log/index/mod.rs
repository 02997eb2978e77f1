//! `index.db`: where the events of each stream, tag and idempotency key stand. Made from the log, behind it.
//!
//! The tail is written out as a sorted [`Run`]; runs of one level are merged into a longer one of the next, so that each
//! entry is written a handful of times in all, in order, and never into the middle of a tree. What a run certainly does not
//! hold is known in memory ([`filter`]), so that looking for a new key reads nothing.

mod block;
mod build;
mod compact;
mod file;
mod filter;
mod keeper;
mod reader;
mod run;
mod snapshots;

pub(crate) use file::Checkpoint;
pub(crate) use keeper::Keeper;
pub(crate) use reader::IndexReader;
pub(crate) use run::{Run, Runs};
