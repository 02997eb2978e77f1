//! Contents of the user's columns.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};
use watershed_core::{ColumnKind, Value};
use watershed_store::rows::Bind;

use super::affinity::Affinity;
use crate::rows::{Bound, read_value};

/// A value on its way into a column.
pub(super) enum Given<'a> {
    Bound(Bound<'a>),
    /// An instant as people write it, where the column is a text.
    Written(String),
}

impl<'a> Given<'a> {
    pub(super) fn new(value: &'a Value, column: Option<Affinity>) -> Self {
        match (value, column) {
            (Value::Timestamp(instant), Some(Affinity::Text)) => Self::Written(instant.to_string()),
            (value, _) => Self::Bound(Bound(Bind::Value(value))),
        }
    }
}

impl ToSql for Given<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Bound(bound) => bound.to_sql(),
            Self::Written(text) => text.to_sql(),
        }
    }
}

/// What a column holds. Instants may be texts.
pub(super) fn read(kind: ColumnKind, content: ValueRef<'_>) -> Value {
    match (kind, read_value(kind, content)) {
        (ColumnKind::Timestamp, Value::Text(text)) => {
            text.parse().map_or_else(|_| Value::Text(text.clone()), Value::Timestamp)
        }
        (_, value) => value,
    }
}
