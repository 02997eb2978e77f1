//! The naive fold: what every read model must be equal to, whatever batches, caches, crashes and rebuilds it went through.
//!
//! Written to be obviously right, and to share no code with the runtime: one event after the other, every row in memory,
//! every row written to its columns and read back after each change, conditions and measures worked out from their
//! definitions.

mod group;
mod parking;
mod predicate;
mod rollup;
mod rows;
mod take;

pub use group::{FoldedGroup, Group, Members, naive_fold_group, project_group};
pub use predicate::fulfils;
pub(crate) use predicate::order;
pub use rollup::naive_rollup;
pub use rows::{Folded, FoldedRow, Parked, naive_fold, project};
