use std::borrow::Cow;
use std::cmp::Ordering;
use std::marker::PhantomData;
use std::mem::discriminant;
use std::ops::Not;

use super::TableSpec;
use crate::{ColumnKind, Value};

/// How a column is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// Whether a content that stands so to the value is meant.
    fn allows(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// A condition on rows, as stores see it. Columns are named, never written into a statement unchecked.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    /// Every row.
    All,
    /// The column compares so with the value; an empty column never does.
    Compare {
        /// The column.
        column: Cow<'static, str>,
        /// How.
        comparison: Comparison,
        /// With what.
        value: Value,
    },
    /// The column is one of the values.
    AnyOf {
        /// The column.
        column: Cow<'static, str>,
        /// The values.
        values: Vec<Value>,
    },
    /// The column is empty.
    IsNull {
        /// The column.
        column: Cow<'static, str>,
    },
    /// The column's text holds this part, whatever the case of ASCII letters.
    Contains {
        /// The column.
        column: Cow<'static, str>,
        /// The part.
        part: String,
    },
    /// Both.
    And(Box<Predicate>, Box<Predicate>),
    /// At least one.
    Or(Box<Predicate>, Box<Predicate>),
    /// Not so.
    Not(Box<Predicate>),
}

impl Predicate {
    /// This and `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, only) | (only, Self::All) => only,
            (left, right) => Self::And(Box::new(left), Box::new(right)),
        }
    }

    /// This or `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (left, right) => Self::Or(Box::new(left), Box::new(right)),
        }
    }

    /// Whether a row with these contents fulfils the condition. An unknown column is taken for an empty one.
    #[must_use]
    pub fn holds(&self, table: &TableSpec, values: &[Value]) -> bool {
        const EMPTY: &Value = &Value::Null;
        let content =
            |name: &str| table.column(name).and_then(|(place, _)| values.get(place)).unwrap_or(EMPTY);
        match self {
            Self::All => true,
            Self::Compare { column, comparison, value } => {
                let content = content(column);
                let comparable = discriminant(content) == discriminant(value) && *content != Value::Null;
                comparable && content.partial_cmp(value).is_some_and(|order| comparison.allows(order))
            }
            Self::AnyOf { column, values } => {
                let content = content(column);
                *content != Value::Null && values.contains(content)
            }
            Self::IsNull { column } => *content(column) == Value::Null,
            Self::Contains { column, part } => match content(column) {
                Value::Text(text) | Value::Json(text) => {
                    text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
                }
                _ => false,
            },
            Self::And(left, right) => left.holds(table, values) && right.holds(table, values),
            Self::Or(left, right) => left.holds(table, values) || right.holds(table, values),
            Self::Not(inner) => !inner.holds(table, values),
        }
    }

    /// Calls `see` with the name of each column that the condition looks at.
    pub fn each_column<'a>(&'a self, see: &mut dyn FnMut(&'a str)) {
        match self {
            Self::All => {}
            Self::Compare { column, .. }
            | Self::AnyOf { column, .. }
            | Self::IsNull { column }
            | Self::Contains { column, .. } => see(column),
            Self::And(left, right) | Self::Or(left, right) => {
                left.each_column(see);
                right.each_column(see);
            }
            Self::Not(inner) => inner.each_column(see),
        }
    }
}

/// A condition on rows of `R`.
pub struct Filter<R> {
    predicate: Predicate,
    row: PhantomData<fn() -> R>,
}

impl<R> Filter<R> {
    /// Every row.
    #[must_use]
    pub fn all() -> Self {
        Self::of(Predicate::All)
    }

    pub(crate) fn of(predicate: Predicate) -> Self {
        Self { predicate, row: PhantomData }
    }

    /// This and `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::of(self.predicate.and(other.predicate))
    }

    /// This or `other`.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::of(self.predicate.or(other.predicate))
    }

    /// The condition as stores see it.
    #[must_use]
    pub fn into_predicate(self) -> Predicate {
        self.predicate
    }
}

impl<R> Not for Filter<R> {
    type Output = Self;

    fn not(self) -> Self {
        Self::of(Predicate::Not(Box::new(self.predicate)))
    }
}

/// A text that is not of a column's kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {wanted}")]
pub struct ParseValueError {
    text: String,
    wanted: &'static str,
}

/// Reads what a caller wrote in a URL as a value of a column of that kind.
///
/// # Errors
/// Where the text is not of that kind, or the kind cannot be compared (JSON).
pub fn parse_value(kind: ColumnKind, text: &str) -> Result<Value, ParseValueError> {
    let wrong = |wanted| ParseValueError { text: text.chars().take(60).collect(), wanted };
    match kind {
        ColumnKind::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(wrong("true or false")),
        },
        ColumnKind::Int => text.parse().map(Value::Int).map_err(|_| wrong("a whole number")),
        ColumnKind::Real => match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::Real(number)),
            _ => Err(wrong("a number")),
        },
        ColumnKind::Decimal => text.parse().map(Value::Decimal).map_err(|_| wrong("a decimal number")),
        ColumnKind::Text => Ok(Value::Text(text.into())),
        ColumnKind::Timestamp => text.parse().map(Value::Timestamp).map_err(|_| wrong("a timestamp")),
        ColumnKind::Json => Err(wrong("comparable: the column holds nested data")),
    }
}
