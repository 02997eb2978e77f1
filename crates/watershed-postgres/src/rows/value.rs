//! Values between columns and rows.

use std::error::Error;

use bytes::{BufMut, BytesMut};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use watershed_core::{ColumnKind, Decimal, Timestamp, Value};
use watershed_store::rows::Bind;

use super::numeric;

/// What PostgreSQL calls the year 2000, in microseconds since 1970.
const EPOCH: i64 = 946_684_800_000_000;

/// The type of a column of that kind. Decimals keep the digits that they were written with, JSON its text.
pub(crate) fn type_of(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Bool => "boolean",
        ColumnKind::Int => "bigint",
        ColumnKind::Real => "double precision",
        ColumnKind::Decimal => "numeric",
        ColumnKind::Text => "text",
        ColumnKind::Timestamp => "timestamptz",
        ColumnKind::Json => "json",
    }
}

/// Something that a statement's parameter is bound to. A value that is not of the parameter's type is sent as none: no column
/// equals it, and none is beyond it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bound<'a>(pub(crate) Bind<'a>);

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self.0 {
            Bind::Value(value) => write(value, ty, out),
            Bind::Text(text) => text.to_sql(ty, out),
            Bind::Int(number) => number.to_sql(ty, out),
            Bind::Values(values) => {
                let values: Vec<Self> = values.iter().map(|value| Self(Bind::Value(value))).collect();
                values.to_sql(ty, out)
            }
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

fn write(value: &Value, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
    match (value, ty) {
        (Value::Bool(value), &Type::BOOL) => value.to_sql(ty, out),
        (Value::Int(value), &Type::INT8) => value.to_sql(ty, out),
        (Value::Real(value), &Type::FLOAT8) => value.to_sql(ty, out),
        (Value::Decimal(value), &Type::NUMERIC) => {
            numeric::write(*value, out);
            Ok(IsNull::No)
        }
        (Value::Text(text) | Value::Json(text), &Type::TEXT | &Type::JSON) if !text.contains('\0') => {
            out.put_slice(text.as_bytes());
            Ok(IsNull::No)
        }
        (Value::Timestamp(instant), &Type::TIMESTAMPTZ) => {
            out.put_i64(instant.as_micros().saturating_sub(EPOCH));
            Ok(IsNull::No)
        }
        _ => Ok(IsNull::Yes),
    }
}

/// A column's content, whatever its type.
struct Cell(Value);

impl<'a> FromSql<'a> for Cell {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(match *ty {
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Value::Int(i16::from_sql(ty, raw)?.into()),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Real(f32::from_sql(ty, raw)?.into()),
            Type::NUMERIC => match numeric::read(raw).ok_or("a number is cut off")? {
                Ok(number) => Value::Decimal(number),
                Err(text) => Value::Text(text.into()),
            },
            Type::TIMESTAMPTZ => Value::Timestamp(Timestamp::from_micros(
                i64::from_sql(&Type::INT8, raw)?.saturating_add(EPOCH),
            )),
            Type::JSON => Value::Json(std::str::from_utf8(raw)?.into()),
            // Behind the number of its form.
            Type::JSONB => Value::Json(std::str::from_utf8(raw.get(1..).unwrap_or_default())?.into()),
            _ => Value::Text(std::str::from_utf8(raw)?.into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// What a column of that kind holds.
pub(crate) fn read(kind: ColumnKind, row: &Row, at: usize) -> Result<Value, tokio_postgres::Error> {
    let Cell(value) = row.try_get(at)?;
    Ok(match (kind, value) {
        // As views' statements may give them.
        (ColumnKind::Decimal, Value::Int(number)) => Value::Decimal(number.into()),
        (ColumnKind::Decimal, Value::Real(number)) => {
            number.to_string().parse::<Decimal>().map_or(Value::Real(number), Value::Decimal)
        }
        #[expect(clippy::cast_precision_loss, reason = "PostgreSQL itself compares it so")]
        (ColumnKind::Real, Value::Int(number)) => Value::Real(number as f64),
        (ColumnKind::Timestamp, Value::Int(micros)) => Value::Timestamp(Timestamp::from_micros(micros)),
        (ColumnKind::Int, Value::Decimal(number)) => {
            number.to_i64().map_or(Value::Decimal(number), Value::Int)
        }
        (ColumnKind::Json, Value::Text(text)) => Value::Json(text),
        (ColumnKind::Text, Value::Int(number)) => Value::Text(number.to_string().into()),
        (_, value) => value,
    })
}

/// Why a column of that kind cannot hold the value; none where it can.
pub(crate) fn misfit(kind: ColumnKind, value: &Value) -> Option<&'static str> {
    /// The first instant that PostgreSQL knows, in the year 4713 before our time. Its last one is beyond ours.
    const FIRST: i64 = -210_866_803_200_000_000;
    match (kind, value) {
        (_, Value::Null)
        | (ColumnKind::Bool, Value::Bool(_))
        | (ColumnKind::Int, Value::Int(_))
        | (ColumnKind::Real, Value::Real(_))
        | (ColumnKind::Decimal, Value::Decimal(_)) => None,
        (ColumnKind::Text | ColumnKind::Json, Value::Text(text) | Value::Json(text)) => {
            text.contains('\0').then_some("PostgreSQL keeps no text with NUL")
        }
        (ColumnKind::Timestamp, Value::Timestamp(instant)) => {
            (instant.as_micros() < FIRST).then_some("PostgreSQL keeps no instant before the year -4713")
        }
        _ => Some("it is of another kind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_before_all_that_postgresql_knows_is_refused() {
        let at = |micros| misfit(ColumnKind::Timestamp, &Value::Timestamp(Timestamp::from_micros(micros)));
        assert_eq!(at(0), None);
        assert_eq!(at(253_402_300_799_999_999), None);
        assert_eq!(at(i64::MAX), None);
        assert!(at(i64::MIN).is_some());
    }
}
