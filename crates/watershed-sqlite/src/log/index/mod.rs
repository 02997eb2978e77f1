//! `index.db`: where the events of each stream, tag and idempotency key stand. Made from the log, behind it.

mod file;
mod postings;
mod reader;
mod snapshots;

pub(crate) use file::{Checkpoint, IndexFile};
pub(crate) use reader::IndexReader;
