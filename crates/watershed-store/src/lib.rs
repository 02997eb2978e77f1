//! What the stores have in common.

mod canonical;

pub use canonical::{EventRow, Link, checksum, first_link, next_link};
