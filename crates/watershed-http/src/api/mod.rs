//! What callers use: commands, imports, rows, queries, watches, audit trails.

mod commands;
mod imports;
mod recorded;
mod rows;
mod streams;
mod watch;
mod watch_list;

pub(crate) use commands::send;
pub(crate) use imports::{Room, import};
pub(crate) use recorded::{EventDocument, documents};
pub(crate) use rows::{list, query, row};
pub(crate) use streams::{DEFAULT_EVENTS, MAX_EVENTS, stream};
pub(crate) use watch::{Watching, watch};
pub(crate) use watch_list::{List, watch_list};
