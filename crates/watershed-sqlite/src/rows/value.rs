//! Values between columns and rows.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
use watershed_core::{ColumnKind, Decimal, Timestamp, Value};
use watershed_store::rows::Bind;

/// SQLite has no such number and would keep an empty column; as a text it stays what it is, and sorts last.
const NOT_A_NUMBER: &[u8] = b"NaN";

/// Something that a statement's parameter is bound to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a>(pub(crate) Bind<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Bind::Value(value) => bound(value),
            Bind::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Bind::Int(number) => ToSqlOutput::Owned(Owned::Integer(number)),
            // invariant: the dialect has no lists
            Bind::Values(_) => ToSqlOutput::Owned(Owned::Null),
        })
    }
}

fn bound(value: &Value) -> ToSqlOutput<'_> {
    match value {
        Value::Null => ToSqlOutput::Owned(Owned::Null),
        Value::Bool(value) => ToSqlOutput::Owned(Owned::Integer(i64::from(*value))),
        Value::Int(value) => ToSqlOutput::Owned(Owned::Integer(*value)),
        Value::Real(value) if value.is_nan() => ToSqlOutput::Borrowed(ValueRef::Text(NOT_A_NUMBER)),
        Value::Real(value) => ToSqlOutput::Owned(Owned::Real(*value)),
        Value::Decimal(value) => ToSqlOutput::Owned(Owned::Text(value.to_string())),
        Value::Text(text) | Value::Json(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        Value::Timestamp(instant) => ToSqlOutput::Owned(Owned::Integer(instant.as_micros())),
    }
}

/// Whether that is what the value is stored as: numbers that are equal but written differently are not the same.
pub(crate) fn is_stored_as(value: &Value, content: ValueRef<'_>) -> bool {
    match bound(value) {
        ToSqlOutput::Borrowed(stored) => stored == content,
        ToSqlOutput::Owned(stored) => ValueRef::from(&stored) == content,
        // invariant: `bound` makes only the two above
        _ => false,
    }
}

/// What a column of that kind holds. Content that was written behind our back and is of another kind is given as it is:
/// the row's type then says what is wrong with it, and no other row is harmed.
pub(crate) fn read(kind: ColumnKind, content: ValueRef<'_>) -> Value {
    match (kind, content) {
        (_, ValueRef::Null) => Value::Null,
        (ColumnKind::Bool, ValueRef::Integer(number @ (0 | 1))) => Value::Bool(number == 1),
        (ColumnKind::Timestamp, ValueRef::Integer(micros)) => {
            Value::Timestamp(Timestamp::from_micros(micros))
        }
        (ColumnKind::Decimal, ValueRef::Integer(number)) => Value::Decimal(number.into()),
        (ColumnKind::Decimal, ValueRef::Real(number)) => decimal(&number.to_string()),
        (ColumnKind::Decimal, ValueRef::Text(text)) => decimal(&String::from_utf8_lossy(text)),
        #[expect(clippy::cast_precision_loss, reason = "SQLite itself reads it so")]
        (ColumnKind::Real, ValueRef::Integer(number)) => Value::Real(number as f64),
        (ColumnKind::Real, ValueRef::Text(NOT_A_NUMBER)) => Value::Real(f64::NAN),
        (ColumnKind::Text, ValueRef::Integer(number)) => Value::Text(number.to_string().into()),
        (ColumnKind::Json, ValueRef::Text(text)) => Value::Json(text_of(text)),
        (_, ValueRef::Integer(number)) => Value::Int(number),
        (_, ValueRef::Real(number)) => Value::Real(number),
        (_, ValueRef::Text(text) | ValueRef::Blob(text)) => Value::Text(text_of(text)),
    }
}

fn decimal(text: &str) -> Value {
    text.parse::<Decimal>().map_or_else(|_| Value::Text(text.into()), Value::Decimal)
}

/// The text of a column; what is not UTF-8 in it is replaced.
pub(crate) fn text_of(bytes: &[u8]) -> Box<str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => String::from_utf8_lossy(bytes).into(),
    }
}
