//! The rows on SQLite: what the port's own suite does not know of. Paging against a naive store, loaders that die, readers
//! during a swap, hostile keys, and files that somebody else has written to.

mod hostile;
mod loading;
mod paging;
mod support;
mod versions;
mod writing;
