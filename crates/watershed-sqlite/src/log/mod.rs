//! The log: events in one table, appended in groups by one writer, everything else made from them.
//!
//! An append's way: the queue -> [`writer`] (checks it against the [`tail`] and the [`index`], writes the group, commits)
//! -> [`ring`] and head -> answer. The index is merged behind by [`merger`]; [`checkpoint`] keeps the write-ahead log short.

mod boundaries;
mod checkpoint;
mod file;
mod health;
mod index;
mod inline;
mod lists;
mod lookup;
mod merger;
mod open;
mod options;
mod pages;
mod prepared;
mod read;
mod readers;
mod ring;
mod row;
mod scan;
mod service;
mod shared;
mod tail;
#[cfg(test)]
mod tests;
mod verify;
mod writer;

pub use health::Health;
pub(crate) use inline::InlineRows;
pub use options::Options;
pub use service::SqliteLog;
pub(crate) use verify::verify_file;
