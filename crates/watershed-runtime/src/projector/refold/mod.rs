//! Some rows of a group, folded anew from the log: for whoever compares them with the stored ones, or puts them in their
//! place.
//!
//! A [`Refold`] is made of the keys that are wanted, brought up to a position in any thread, and compared with rows as of
//! that position. To mend rows it is handed to whoever writes the group, who brings it up to the group's checkpoint (a few
//! events, by then) and writes what differs, in one transaction.

mod compare;
mod differences;
mod fold;
mod mend;
mod plan;
mod regroup;
mod walk;
mod wanted;

pub use compare::FieldDrift;
pub(crate) use compare::{Difference, fields};
pub(crate) use differences::{Against, differences};
pub(crate) use fold::Refold;
pub(crate) use mend::mend_beside;
pub use plan::Mended;
pub(crate) use regroup::{Instead, Regrouped, against, regroup};
pub(crate) use walk::wait_for;
pub(crate) use wanted::Wanted;
