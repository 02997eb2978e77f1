use futures_util::FutureExt;
use tokio_postgres::{Error, Transaction};

pub(super) const SAVE: &str = "SAVEPOINT watershed_append";
const UNDO: &str = "ROLLBACK TO SAVEPOINT watershed_append; RELEASE SAVEPOINT watershed_append";

/// Where a transaction stood before an append. Back there it has what it had, and holds the log's end no more. Dropped in the midst of
/// an append that nobody waits for any longer, this goes back there.
pub(super) struct Savepoint<'a> {
    transaction: &'a Transaction<'a>,
    is_open: bool,
}

impl<'a> Savepoint<'a> {
    /// To be made before [`SAVE`] is sent.
    pub(super) fn of(transaction: &'a Transaction<'a>) -> Self {
        Self { transaction, is_open: true }
    }

    /// What was appended is the transaction's. The savepoint is left to its end: were it released together with what is written, there
    /// would be a moment at which nobody knows whether there still is one to go back to.
    pub(super) fn keep(mut self) {
        self.is_open = false;
    }

    pub(super) async fn undo(mut self) -> Result<(), Error> {
        self.is_open = false;
        self.transaction.batch_execute(UNDO).await
    }
}

impl Drop for Savepoint<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // Sent when it is first polled, behind everything that was sent before; nobody needs the answer.
            let _ = self.transaction.batch_execute(UNDO).now_or_never();
        }
    }
}
