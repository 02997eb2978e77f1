//! The log: what the port promises, and what may go wrong under it.

#![expect(clippy::unwrap_used, reason = "tests may")]

mod conformance;
mod damage;
mod failing_flush;
mod full;
mod index_lost;
mod killed;
mod locked;
mod model;
mod support;
