//! The seam to the rows that commit with the events.

use rusqlite::Connection;
use watershed_core::ports::{RowError, RowKey, RowsBatch, RowsNow, StoredRow};

/// Reads and writes the tables of inline read models, which stand in `log.db`, inside the append's transaction.
pub(crate) trait InlineRows: Send + Sync {
    /// The row of `model`'s table with that key, as the transaction sees it.
    fn row(
        &self,
        transaction: &Connection,
        model: &str,
        table: usize,
        key: &RowKey,
    ) -> Result<Option<StoredRow>, RowError>;

    /// Writes the batch's changes and its checkpoint. All of them, or the transaction is rolled back by the caller.
    fn apply(&self, transaction: &Connection, model: &str, batch: &RowsBatch) -> Result<(), RowError>;
}

/// One model's rows in the transaction that is under way.
pub(crate) struct RowsInside<'a> {
    pub(crate) rows: &'a dyn InlineRows,
    pub(crate) transaction: &'a Connection,
    pub(crate) model: &'a str,
}

impl RowsNow for RowsInside<'_> {
    fn row(&self, table: usize, key: &RowKey) -> Result<Option<StoredRow>, RowError> {
        self.rows.row(self.transaction, self.model, table, key)
    }
}
