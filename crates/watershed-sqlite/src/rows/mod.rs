//! The rows of read models on SQLite: typed tables that any tool can read, and a checkpoint that commits with them.
//!
//! A group of read models has a file of its own ([`SqliteRows`]). Inline rows stand in the log's file and are written by
//! the log's writer. Both use the same [`tables`] and [`statements`].

mod beside;
mod copier;
mod failure;
mod file;
mod group;
mod loader;
mod moment;
mod snapshots;
mod statements;
mod store;
mod tables;
mod value;
mod view;

pub(crate) use failure::{failure, of_log_file, open_failure};

pub(crate) use value::{Bound, read as read_value};

pub use beside::SqliteRowsBesideLog;
pub use store::SqliteRows;
