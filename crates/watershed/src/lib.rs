//! CQRS for Rust: decide once, answer many ways.
//!
//! A domain author depends on this crate, `serde` and `schemars`, and starts with `use watershed::prelude::*;`.
//! The parts stand behind it: the model in [`core`], what runs it in [`runtime`], the embedded store in [`sqlite`]; with the
//! feature `postgres`, a log for several processes in `postgres`.

#[cfg(feature = "sqlite")]
mod embedded;
pub mod prelude;
#[cfg(feature = "postgres")]
mod shared;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;

#[cfg(feature = "sqlite")]
pub use embedded::{embedded, stores};
#[cfg(feature = "postgres")]
pub use shared::{SharedError, on_postgres, on_postgres_with, open, shared, shared_with};

pub use watershed_core as core;
#[cfg(feature = "postgres")]
pub use watershed_postgres as postgres;
pub use watershed_runtime as runtime;
#[cfg(feature = "sqlite")]
pub use watershed_sqlite as sqlite;
