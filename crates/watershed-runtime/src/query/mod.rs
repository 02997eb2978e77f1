//! A question's way: authorize, tenant, fetch plan, rows, and beside them position, lag and the plan that was used.

mod answer;
mod asked;
mod error;
mod fetch;
mod following;
mod parameters;
mod view;

pub use answer::{Answer, FetchPlan};
pub use asked::{OnStale, Terms};
pub use error::AskError;
pub(crate) use fetch::{Fetch, Stand};
pub(crate) use following::Followed;
pub use following::{Again, ListChange, ListChanges};
pub(crate) use parameters::read_parameters;
pub(crate) use view::{EarlierView, ErasedView, Promise, View, declared, filter_of, read_row};
