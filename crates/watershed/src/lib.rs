//! CQRS for Rust: decide once, answer many ways.

pub use watershed_core as core;
pub use watershed_runtime as runtime;
#[cfg(feature = "sqlite")]
pub use watershed_sqlite as sqlite;
