//! The log and the rows of Watershed on SQLite, the embedded default.

#[expect(dead_code, reason = "used as the log and the rows come in")]
mod connection;
mod error;

pub use error::OpenError;
