//! The rows on SQLite: what the port's own suite does not know of. Paging against a naive store, loaders that die, readers
//! during a swap, hostile keys, files that somebody else has written to, rows beside the log.

#![expect(clippy::unwrap_used, reason = "tests may")]

mod beside;
mod damage;
mod full;
mod hostile;
mod loading;
mod moments;
mod paging;
mod support;
mod versions;
mod views;
mod writing;
