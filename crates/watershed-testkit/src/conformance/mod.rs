//! What every implementation of a port must keep: suites that run against the real thing.
//!
//! Each sentence that a port promises is a check with that promise for a name. A suite runs them all, each on storage of
//! its own, and says of every promise that is broken which it is and how. `WATERSHED_CHECK=words` runs only the checks
//! whose promise holds those words.

pub mod beside_log;
pub mod event_log;
pub mod ledger;
mod promise;
mod random;
pub mod row_editions;
pub mod row_snapshots;
pub mod row_store;
pub mod state_tables;
mod storage;
pub mod triage;

pub use promise::Broken;
