//! Folds that never return.
//!
//! Every thread that folds has a [`Turn`], which says when a fold begins and ends. The [`Watchdog`] looks at all turns from
//! time to time. A fold that takes longer than the limit is shut out: should it ever come back, its thread goes no further,
//! so that it writes nothing. Whoever oversees the thread is told, and puts another one in its place, for which the event
//! is one that is [`Known`] not to return: the key is parked, as with any failure. Where nobody can take the thread's
//! place, and where it happens a second time in one process, the process ends, and says why.

mod aside;
mod end;
mod known;
mod turn;
mod watchdog;

pub(crate) use aside::Aside;
pub(crate) use end::{end_process, is_enough};
pub(crate) use known::{Known, NO_RETURN};
pub(crate) use turn::{Inside, Turn, in_turn, on_same_terms};
pub(crate) use watchdog::Watchdog;

use watershed_core::Position;

/// Which fold it was that did not return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StuckFold {
    /// Whose: the [`Known`]'s of the read model.
    pub(crate) model: u64,
    /// Of which row: its key's hash.
    pub(crate) row: u64,
    /// The event.
    pub(crate) position: Position,
}
