use serde::Serialize;

use super::{ColumnSpec, IndexSpec, Key, TableSpec};
use crate::{ColumnError, Timestamp, Value};

/// A typed row: what a read model or a rollup answers with. The derives make it.
pub trait Row: Serialize + schemars::JsonSchema + Sized + Send + Sync + 'static {
    /// The table's and the view's name.
    const NAME: &'static str;
    /// The stored columns, in the order of [`Row::to_values`].
    const COLUMNS: &'static [ColumnSpec];
    /// Indexes over several columns.
    const INDEXES: &'static [IndexSpec] = &[];

    /// The stored columns' contents.
    ///
    /// # Errors
    /// Where a `#[json]` field cannot be written as JSON.
    fn to_values(&self) -> Result<Vec<Value>, ColumnError>;

    /// The row with these columns. What is computed when answering is left at its default.
    ///
    /// # Errors
    /// Where a column does not hold what its field's type wants: the table was edited, or is of another version.
    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError>;

    /// The row's key, from its key columns.
    fn key(&self) -> Key;

    /// Computes the columns that depend on when the question is asked.
    fn at_read(&mut self, now: Timestamp) {
        let _ = now;
    }

    /// The table that keeps such rows.
    #[must_use]
    fn table() -> TableSpec {
        TableSpec { name: Self::NAME.into(), columns: Self::COLUMNS.into(), indexes: Self::INDEXES.into() }
    }
}
