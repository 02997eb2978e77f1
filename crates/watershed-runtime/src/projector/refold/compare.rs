//! Stored rows and rollups' groups, held against what they should be.

use serde::Serialize;
use serde_json::Value as Json;
use watershed_core::ports::{RowKey, StoredRow};
use watershed_core::{Decimal, TableSpec, Value};

/// A row that is not what it should be.
#[derive(Debug, Clone)]
pub(crate) struct Difference {
    pub(crate) key: RowKey,
    /// None where there is no such row, and there should be.
    pub(crate) stored: Option<StoredRow>,
    /// None where there should be no such row.
    pub(crate) expected: Option<StoredRow>,
}

/// A field whose content is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDrift {
    /// The column; `(shown)` for whether readers see the row.
    pub field: String,
    /// What is stored.
    pub stored: String,
    /// What should be.
    pub expected: String,
}

/// The fields of a row that are not what they should be. Position and revision do not count: they say when a row changed, not
/// what it is.
pub(crate) fn fields(spec: &TableSpec, stored: &StoredRow, expected: &StoredRow) -> Vec<FieldDrift> {
    let mut fields = Vec::new();
    for (place, column) in spec.columns.iter().enumerate() {
        let of = |row: &StoredRow| row.values.get(place).cloned().unwrap_or_default();
        let (stored, expected) = (of(stored), of(expected));
        if !is_same(&stored, &expected) {
            fields.push(FieldDrift {
                field: column.name.to_string(),
                stored: format!("{stored:?}"),
                expected: format!("{expected:?}"),
            });
        }
    }
    if stored.shown != expected.shown {
        fields.push(FieldDrift {
            field: "(shown)".to_owned(),
            stored: stored.shown.to_string(),
            expected: expected.shown.to_string(),
        });
    }
    fields
}

impl Difference {
    /// What differs between the two; none where they are one.
    pub(crate) fn of(
        spec: &TableSpec,
        key: RowKey,
        stored: Option<StoredRow>,
        expected: Option<StoredRow>,
    ) -> Option<Self> {
        let is_same = match (&stored, &expected) {
            (None, None) => true,
            (Some(stored), Some(expected)) => fields(spec, stored, expected).is_empty(),
            _ => false,
        };
        (!is_same).then_some(Self { key, stored, expected })
    }
}

/// Numbers that are equal are the same, however they are written: the scale of a sum depends on what was once in it.
fn is_same(stored: &Value, expected: &Value) -> bool {
    match (stored, expected) {
        (Value::Real(stored), Value::Real(expected)) => {
            stored.total_cmp(expected).is_eq() || stored == expected
        }
        (Value::Json(stored), Value::Json(expected)) => {
            stored == expected
                || match (serde_json::from_str(stored), serde_json::from_str(expected)) {
                    (Ok(stored), Ok(expected)) => is_same_json(&stored, &expected),
                    _ => false,
                }
        }
        _ => stored == expected,
    }
}

fn is_same_json(stored: &Json, expected: &Json) -> bool {
    match (stored, expected) {
        (Json::String(stored), Json::String(expected)) => is_same_text(stored, expected),
        (Json::Array(stored), Json::Array(expected)) => {
            stored.len() == expected.len()
                && stored.iter().zip(expected).all(|(stored, expected)| is_same_json(stored, expected))
        }
        (Json::Object(stored), Json::Object(expected)) => {
            // Names are numbers too: a multiset's.
            stored.len() == expected.len()
                && expected.iter().all(|(name, expected)| {
                    let found = stored.get(name).or_else(|| {
                        let mut others = stored.iter().filter(|(other, _)| is_same_text(other, name));
                        others.next().map(|(_, found)| found)
                    });
                    found.is_some_and(|found| is_same_json(found, expected))
                })
        }
        _ => stored == expected,
    }
}

fn is_same_text(stored: &str, expected: &str) -> bool {
    let number = |text: &str| text.parse::<Decimal>();
    stored == expected
        || matches!((number(stored), number(expected)), (Ok(stored), Ok(expected)) if stored == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_the_same_however_they_are_written_and_nothing_else_is() {
        let json = |text: &str| Value::Json(text.into());
        for (stored, expected, same) in [
            (json(r#"[3,{"s":["2.00",1]}]"#), json(r#"[3, {"s":["2.0",1]}]"#), true),
            (json(r#"{"2.50":1}"#), json(r#"{"2.5":1}"#), true),
            (json(r#"{"2.50":1}"#), json(r#"{"2.51":1}"#), false),
            (json(r#"{"a":1}"#), json(r#"{"a":1,"b":1}"#), false),
            (json("[1,2]"), json("[1]"), false),
            (json("nonsense"), json("[1]"), false),
            (Value::Real(f64::NAN), Value::Real(f64::NAN), true),
            (Value::Real(0.0), Value::Real(-0.0), true),
            (Value::Text("2.0".into()), Value::Text("2.00".into()), false),
            (Value::Null, Value::Text("".into()), false),
            (Value::Int(1), Value::Bool(true), false),
        ] {
            assert_eq!(is_same(&stored, &expected), same, "{stored:?} {expected:?}");
        }
    }
}
