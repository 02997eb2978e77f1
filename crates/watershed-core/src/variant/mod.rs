//! One variant of an enum as a body of its own.
//!
//! Commands and events are enums whose variants are named elsewhere: in the URL, in the log's `name` column.
//! Their bodies hold the fields alone. These two adapters let serde's ordinary derives read and write them.

mod read;
mod write;

pub use read::{ReadError, Reading, read_variant};
pub use write::{WriteError, write_variant};

#[cfg(test)]
mod tests;
