//! Rows in SQL databases: what questions become, whichever database answers them.
//!
//! Names are quoted and values always bound: nothing that a caller wrote becomes part of a statement's text. What databases
//! see differently stands in a [`Dialect`].

mod conditions;
mod dialect;
mod image;
mod key;
mod link;
mod page;
mod question;

pub use conditions::{Allowed, Columns, Conditions};
pub use dialect::{Bind, Dialect};
pub use image::{read_image, written_image};
pub use key::{KeyColumn, key_from, key_of_values, values_of_key};
pub use link::{NotedRow, change_link, state_code, state_from_code};
pub use page::{Relation, RowsFrom, Segment, Term};
pub use question::Question;
