//! What the stores have in common.

mod canonical;
mod queue;
mod row;
pub mod rows;
mod walk;

pub use canonical::{EventRow, Link, checksum, first_link, next_link};
pub use queue::{Alone, Answer, Patience, Pushed, Queue, Queued};
pub use row::{FAR, First, from_sql, tag_texts, to_sql};
pub use walk::{Verified, Walk, as_link, wrong_link};
