//! The rows of read models on PostgreSQL: typed tables that any tool can read, and a checkpoint that commits with them.
//!
//! Each edition of a group has tables of its own, made by one load under names that are never given again, and a row of
//! `checkpoints` that says which they are. So tables take the place of others by one update, which waits for no reader; and
//! whoever holds a moment of the old ones keeps reading them.

mod beside;
mod edition;
mod failure;
mod group;
mod loader;
mod moment;
mod names;
mod numeric;
mod pool;
mod snapshots;
mod statements;
mod store;
mod sweep;
mod tables;
mod value;
mod views;
mod writer;

pub(crate) use failure::{Failure, without_nul};
pub(crate) use pool::{Lent, Pool};

pub use beside::PostgresRowsBesideLog;
pub use store::PostgresRows;
