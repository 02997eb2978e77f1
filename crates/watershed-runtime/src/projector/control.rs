use std::sync::mpsc;

use tokio::sync::oneshot;
use watershed_core::Position;
use watershed_core::ports::RowKey;

use super::refold::{Mended, Refold};
use crate::editions::Order;

/// What an operator asks of a projector. Carried out on the projector's own thread, between two batches.
pub(crate) enum Control {
    Pause,
    Resume,
    /// Folds with so many workers from now on.
    Workers(u16),
    /// Tries parked keys of one read model again; answers for each of them.
    Retry {
        table: usize,
        keys: Vec<RowKey>,
        done: oneshot::Sender<Result<Vec<Retried>, String>>,
    },
    /// Passes over the event at `position`, if that is still the one that the key is parked on.
    Skip {
        table: usize,
        key: RowKey,
        position: Position,
        done: oneshot::Sender<Result<Retried, String>>,
    },
    /// Stands still at `at`, and does what it is ordered, until nobody can order anything any more.
    Hold {
        at: oneshot::Sender<Position>,
        orders: mpsc::Receiver<Order>,
    },
    /// Puts the refold's rows in place of the stored ones, and the groups of rollups that are wrong; `rollups`: also where no
    /// row is.
    Mend {
        refold: Box<Refold>,
        rollups: bool,
        done: oneshot::Sender<Result<Mended, String>>,
    },
    Close,
}

/// What became of a parked key that was tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retried {
    /// Everything that waited has been applied.
    Released {
        /// How many events that was.
        events: usize,
    },
    /// It failed again.
    StillParked {
        /// On this event.
        position: Position,
        /// For this reason.
        error: String,
    },
    /// The key is not parked.
    NotParked,
    /// The key is parked on another event than the one that was to be passed over.
    Moved {
        /// This one.
        position: Position,
    },
}
