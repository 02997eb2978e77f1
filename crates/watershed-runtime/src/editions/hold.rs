use std::sync::mpsc;

use tokio::sync::oneshot;
use watershed_core::Position;

use crate::projector::Patience;

/// What a projector that is held is told to do.
pub(crate) enum Order {
    /// Fold up to that position, and no further.
    FoldTo { position: Position, done: oneshot::Sender<Result<(), String>> },
}

/// A projector that stands still until this is dropped.
pub(crate) struct Held {
    position: Position,
    orders: mpsc::Sender<Order>,
    patience: Patience,
}

impl Held {
    pub(crate) fn new(position: Position, orders: mpsc::Sender<Order>, patience: Patience) -> Self {
        Self { position, orders, patience }
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
        let (done, answer) = oneshot::channel();
        let ordered = self.orders.send(Order::FoldTo { position, done });
        ordered.map_err(|_| "the projector is closed".to_owned())?;
        self.patience.or_answer(answer).await??;
        self.position = position;
        Ok(())
    }
}
