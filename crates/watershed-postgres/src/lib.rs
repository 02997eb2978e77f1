//! The log and the rows of Watershed on PostgreSQL.
//!
//! Any number of processes append to one log: the lock of one row orders their commits, and the position that it holds is the
//! only source of positions. So commit order is position order, and there are no holes.

mod connection;
mod error;
mod ledger;
mod log;
mod migrate;
mod options;
mod replicas;
mod rows;
mod state;
mod triage;

pub use error::{OpenError, ServerError};
pub use ledger::PostgresLedger;
pub use log::{About, PostgresLog, WithinError};
pub use migrate::{migrate, pending_sql, whole_sql};
pub use options::Options;
pub use rows::{PostgresRows, PostgresRowsBesideLog};
pub use state::{OwnTables, PostgresTables};
/// The driver that transactions of users' own are made with: [`PostgresLog::append_within`].
pub use tokio_postgres;
pub use triage::PostgresTriage;
pub use watershed_store::Verified;
