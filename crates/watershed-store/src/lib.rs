//! What the stores have in common.

mod canonical;
mod row;
pub mod rows;

pub use canonical::{EventRow, Link, checksum, first_link, next_link};
pub use row::{FAR, First, from_sql, tag_texts, to_sql};
