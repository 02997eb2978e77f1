//! State that stands in tables: how it is mapped, and what a save changes.
//!
//! The state of an aggregate is still made by `evolve` alone. What is saved is the difference between the rows of the state
//! before and after.

mod children;
mod difference;
mod spec;

pub use children::Children;
pub use difference::difference;
pub use spec::{StateColumn, StateRows, StateTable, TablesSpec};

use crate::{ColumnError, Value};

/// An aggregate whose state stands in tables. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say in which tables its state stands",
    note = "add #[derive(Tables)] and #[tables(table = \"..\", id = \"..\", version = \"..\")] to the struct"
)]
pub trait Tables: Sized {
    /// The tables.
    fn spec() -> TablesSpec;

    /// The state as rows.
    ///
    /// # Errors
    /// Where a `#[json]` field cannot be written as JSON.
    fn to_rows(&self) -> Result<StateRows, ColumnError>;

    /// The state that these rows are.
    ///
    /// # Errors
    /// Where a column does not hold what its field's type wants.
    fn from_rows(rows: StateRows) -> Result<Self, ColumnError>;
}

/// A row of a child table. Derive it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a row of a table",
    note = "add #[derive(TableRow)] to the struct"
)]
pub trait TableRow: Sized {
    /// Its columns, without those that say whose child it is.
    const COLUMNS: &'static [StateColumn];

    /// The columns' contents.
    ///
    /// # Errors
    /// Where a `#[json]` field cannot be written as JSON.
    fn to_values(&self) -> Result<Vec<Value>, ColumnError>;

    /// The row with these contents.
    ///
    /// # Errors
    /// Where a column does not hold what its field's type wants.
    fn from_values(values: Vec<Value>) -> Result<Self, ColumnError>;
}
