//! The log of Watershed on PostgreSQL.
//!
//! Any number of processes append to one log: the lock of one row orders their commits, and the position that it holds is the
//! only source of positions. So commit order is position order, and there are no holes.

mod connection;
mod error;
mod log;
mod migrate;
mod options;
mod state;

pub use log::PostgresLog;
pub use options::Options;
pub use state::PostgresTables;
