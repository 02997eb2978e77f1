use std::sync::mpsc;

use tokio::sync::oneshot;
use watershed_core::Position;

/// What a projector that is held is told to do.
pub(crate) enum Order {
    /// Fold up to that position, and no further.
    FoldTo { position: Position, done: oneshot::Sender<Result<(), String>> },
}

/// A projector that stands still until this is dropped.
pub(crate) struct Held {
    position: Position,
    orders: mpsc::Sender<Order>,
}

impl Held {
    pub(crate) fn new(position: Position, orders: mpsc::Sender<Order>) -> Self {
        Self { position, orders }
    }

    /// Where it stands.
    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Has it fold up to that position, where it has not come so far.
    pub(crate) async fn fold_to(&mut self, position: Position) -> Result<(), String> {
        if position <= self.position {
            return Ok(());
        }
        let gone = || "the projector is closed".to_owned();
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::FoldTo { position, done }).map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))?;
        self.position = position;
        Ok(())
    }
}
