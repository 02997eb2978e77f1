use std::collections::BTreeMap;

use super::{StateColumn, TableRow};
use crate::{ColumnError, ColumnType, Value};

/// What an aggregate has several of: a `Vec` of rows, or a map from their key to them.
///
/// The rows of a `Vec` come back in the order of their key: what is decided must not rest on another one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the rows of a child table",
    note = "write `Vec<T>` or `BTreeMap<K, T>` where `T` is a struct with #[derive(TableRow)] and `K` a column type"
)]
pub trait Children: Sized {
    /// The columns of their table; `key` names those that tell the rows apart.
    fn columns(key: &'static [&'static str]) -> Vec<StateColumn>;

    /// The rows.
    ///
    /// # Errors
    /// Where one cannot be written.
    fn to_rows(&self) -> Result<Vec<Vec<Value>>, ColumnError>;

    /// What these rows are.
    ///
    /// # Errors
    /// Where a column does not hold what its field's type wants.
    fn from_rows(rows: Vec<Vec<Value>>) -> Result<Self, ColumnError>;
}

impl<T: TableRow> Children for Vec<T> {
    fn columns(_: &'static [&'static str]) -> Vec<StateColumn> {
        T::COLUMNS.to_vec()
    }

    fn to_rows(&self) -> Result<Vec<Vec<Value>>, ColumnError> {
        self.iter().map(T::to_values).collect()
    }

    fn from_rows(rows: Vec<Vec<Value>>) -> Result<Self, ColumnError> {
        rows.into_iter().map(T::from_values).collect()
    }
}

/// The key is a column of its own, before the row's.
impl<K: ColumnType + Ord, T: TableRow> Children for BTreeMap<K, T> {
    fn columns(key: &'static [&'static str]) -> Vec<StateColumn> {
        let key = key.iter().take(1).map(|name| StateColumn { name, kind: K::KIND, optional: K::OPTIONAL });
        key.chain(T::COLUMNS.iter().copied()).collect()
    }

    fn to_rows(&self) -> Result<Vec<Vec<Value>>, ColumnError> {
        let row = |(key, row): (&K, &T)| {
            let mut values = vec![key.to_value()];
            values.extend(row.to_values()?);
            Ok(values)
        };
        self.iter().map(row).collect()
    }

    fn from_rows(rows: Vec<Vec<Value>>) -> Result<Self, ColumnError> {
        let entry = |mut values: Vec<Value>| {
            let problem = || ColumnError { column: "key", problem: "the row has no columns".to_owned() };
            let row = values.split_off(values.len().min(1));
            let key = K::from_value(values.pop().ok_or_else(problem)?)
                .map_err(|problem| ColumnError { column: "key", problem })?;
            Ok((key, T::from_values(row)?))
        };
        rows.into_iter().map(entry).collect()
    }
}
