//! The log and the rows of Watershed on SQLite, the embedded default.

mod connection;
mod error;
mod rows;

pub use error::OpenError;
pub use rows::SqliteRows;
