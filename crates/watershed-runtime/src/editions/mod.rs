//! Editions: a group's tables, as often as there are of them, of which one serves.
//!
//! A changed projection is a new version beside the old one: filled from the log, held against what serves, and put in its
//! place in one step, which can be taken back. A rebuild is the same with the version that serves already. Which edition
//! serves, and how far the others have come, stands in the ledger ([`record`]); each has a projector of its own, so that the
//! one that serves goes on as if the others were not there.

mod compare;
mod find;
mod follow;
mod group;
mod hold;
mod plan;
mod record;
mod snapshot;
mod switch;
mod verify;
mod workers;
mod written;

pub(crate) use group::{Edition, Ground, Group};
pub(crate) use hold::{Held, Order};
pub(crate) use record::EditionRecord;
pub use record::{EditionState, Flag};
pub use snapshot::SnapshotNote;
pub(crate) use switch::SwitchError;
pub use verify::{FieldDifference, Mismatch, Verification};
