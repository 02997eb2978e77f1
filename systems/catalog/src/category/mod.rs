//! The write side of a category: a shelf in the shop, so to say. It is created once, may be renamed, and is retired once nothing
//! stands in it any more.
//!
//! Small on purpose: it is here because products rest on it (a product is in a category that exists), because it rests on
//! products (one that has products is not retired), and because one event of it changes many rows. The model to read is
//! [`crate::product`].

mod aggregate;
mod commands;
mod events;
mod premises;
mod refusals;

pub use aggregate::{Category, CategoryStatus};
pub use commands::CategoryCommand;
pub use events::CategoryEvent;
pub use premises::CategoryStands;
pub use refusals::CategoryRefusal;
