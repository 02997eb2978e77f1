//! The log and the rows of Watershed on SQLite, the embedded default: a data folder that one process writes.
//!
//! `log.db` holds the events; a commit there is on disk when it returns. `index.db` finds them by stream, tag and
//! idempotency key, and can be made again from the log. No type of the SQLite driver is public, since only one crate of a
//! build may link SQLite.

mod beside_log;
mod connection;
mod error;
mod files;
mod folder;
mod ledger;
mod log;
mod rows;
mod rows_of;
mod state;
mod triage;

pub use connection::sqlite_version;
pub use error::OpenError;
pub use folder::Sqlite;
pub use ledger::SqliteLedger;
pub use log::{Health, Options, SqliteLog};
pub use rows::{SqliteRows, SqliteRowsBesideLog};
pub use state::SqliteTables;
pub use triage::SqliteTriage;
pub use watershed_store::Verified;
