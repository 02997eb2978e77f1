//! What a stored column can hold, and which Rust types can be columns.

use std::fmt;

use crate::{Date, Decimal, Month, Personal, Timestamp};

/// One column's content, between typed rows and stores.
#[derive(Clone, PartialEq, PartialOrd, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number. Never in sums.
    Real(f64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A text; days and months are texts too, in their sortable forms.
    Text(Box<str>),
    /// An instant.
    Timestamp(Timestamp),
    /// Nested data as JSON text.
    Json(Box<str>),
}

impl fmt::Debug for Value {
    /// Prints the content alone, as a reader of a drift report wants it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Real(value) => write!(f, "{value}"),
            Self::Decimal(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Timestamp(value) => write!(f, "{value}"),
            Self::Json(value) => f.write_str(value),
        }
    }
}

/// The kind of a column: what a store must be able to keep, compare and sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// [`Value::Bool`].
    Bool,
    /// [`Value::Int`].
    Int,
    /// [`Value::Real`].
    Real,
    /// [`Value::Decimal`], compared as a number.
    Decimal,
    /// [`Value::Text`], compared by bytes.
    Text,
    /// [`Value::Timestamp`].
    Timestamp,
    /// [`Value::Json`], neither filtered nor sorted by.
    Json,
}

/// A stored column whose content does not fit the row's type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("column `{column}`: {problem}")]
pub struct ColumnError {
    /// The column.
    pub column: &'static str,
    /// What is wrong with its content.
    pub problem: String,
}

/// A type that can be a column of a row.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a column",
    label = "not a column type",
    note = "columns are bool, whole numbers, f64, String, Date, Month, Timestamp, Decimal, Personal<_> and Option<_> of these",
    note = "for a fieldless enum add #[derive(Choice)]; for nested data mark the field with #[json]"
)]
pub trait ColumnType: Sized {
    /// How a store keeps it.
    const KIND: ColumnKind;
    /// Whether the column may be empty.
    const OPTIONAL: bool = false;

    /// The stored form.
    fn to_value(&self) -> Value;

    /// The value that was stored; an error text where the content does not fit.
    ///
    /// # Errors
    /// Where `value` is of another kind, or out of the type's range.
    fn from_value(value: Value) -> Result<Self, String>;
}

fn mismatch<T>(wanted: &str, found: &Value) -> Result<T, String> {
    Err(format!("expected {wanted}, found {found:?}"))
}

macro_rules! whole_numbers {
    ($($type:ty),*) => {$(
        impl ColumnType for $type {
            const KIND: ColumnKind = ColumnKind::Int;

            fn to_value(&self) -> Value {
                // A number beyond the column's range is held at its end rather than wrapped.
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }

            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    Value::Int(number) => number.try_into().map_err(|_| format!("{number} is out of range")),
                    other => mismatch("a whole number", &other),
                }
            }
        }
    )*};
}
whole_numbers!(i64, i32, i16, i8, u64, u32, u16, u8);

macro_rules! plain {
    ($($type:ty, $kind:ident, $wanted:literal);*) => {$(
        impl ColumnType for $type {
            const KIND: ColumnKind = ColumnKind::$kind;

            fn to_value(&self) -> Value {
                Value::$kind((*self).into())
            }

            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    Value::$kind(value) => Ok(value),
                    other => mismatch($wanted, &other),
                }
            }
        }
    )*};
}
plain!(bool, Bool, "true or false"; f64, Real, "a number"; Timestamp, Timestamp, "a timestamp");

impl ColumnType for Decimal {
    const KIND: ColumnKind = ColumnKind::Decimal;

    /// Equal numbers have one form in rows, whatever digits they came with: rows are then equal byte for byte where
    /// they are equal.
    fn to_value(&self) -> Value {
        Value::Decimal(self.normalized())
    }

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Decimal(number) => Ok(number),
            other => mismatch("a decimal", &other),
        }
    }
}

impl ColumnType for String {
    const KIND: ColumnKind = ColumnKind::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.as_str().into())
    }

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Text(text) => Ok(text.into()),
            other => mismatch("a text", &other),
        }
    }
}

macro_rules! texts {
    ($($type:ty),*) => {$(
        impl ColumnType for $type {
            const KIND: ColumnKind = ColumnKind::Text;

            fn to_value(&self) -> Value {
                Value::Text(self.to_string().into())
            }

            fn from_value(value: Value) -> Result<Self, String> {
                match value {
                    Value::Text(text) => text.parse().map_err(|error: crate::time::ParseTimeError| error.to_string()),
                    other => mismatch("a text", &other),
                }
            }
        }
    )*};
}
texts!(Date, Month);

impl<T: ColumnType> ColumnType for Option<T> {
    const KIND: ColumnKind = T::KIND;
    const OPTIONAL: bool = true;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_value)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        match value {
            Value::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }
}

impl<T: ColumnType> ColumnType for Personal<T> {
    const KIND: ColumnKind = T::KIND;
    const OPTIONAL: bool = T::OPTIONAL;

    fn to_value(&self) -> Value {
        T::to_value(self)
    }

    fn from_value(value: Value) -> Result<Self, String> {
        T::from_value(value).map(Self::new)
    }
}

/// The stored form of a `#[json]` column.
///
/// # Errors
/// Where the data cannot be written as JSON (a map whose keys are no texts, for instance).
pub fn json_to_value<T: serde::Serialize>(data: &T) -> Result<Value, String> {
    serde_json::to_string(data).map(|text| Value::Json(text.into())).map_err(|error| error.to_string())
}

/// The data that a `#[json]` column holds.
///
/// # Errors
/// Where the column does not hold JSON of that shape.
pub fn json_from_value<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, String> {
    match value {
        Value::Json(text) | Value::Text(text) => {
            serde_json::from_str(text).map_err(|error| error.to_string())
        }
        Value::Null => serde_json::from_str("null").map_err(|error| error.to_string()),
        other => mismatch("JSON", other),
    }
}
