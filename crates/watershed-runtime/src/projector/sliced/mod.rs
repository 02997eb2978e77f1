//! A read model whose rows are shared out by their keys among several workers.
//!
//! Each worker has the rows of a [`super::slice::Slice`] in memory, and folds what concerns them as if there were no others: so
//! the events of a key are applied in their order, and whatever fails parks its key alone. The group's own thread is one of
//! them; it puts together what the others have found, takes it into the rollups, and writes everything in one transaction, with
//! one checkpoint. How many there are can be changed between any two batches, for nothing of it is stored.
//!
//! Not for groups of several read models: a row of a later one may look at any row of an earlier one, as of the same event.

mod live;
mod model;
mod part;
mod pool;

pub(crate) use live::MOST_WORKERS;
pub(crate) use model::Sliced;
pub(crate) use pool::Pool;
