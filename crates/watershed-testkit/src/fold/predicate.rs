use std::cmp::Ordering;

use watershed_core::read::Comparison;
use watershed_core::{Predicate, TableSpec, Value};

/// Whether a row with these contents fulfils the condition: either it does or it does not, also where columns are empty.
///
/// An empty column compares with nothing, is none of any values and holds no part; so `Not` of each of these is fulfilled.
///
/// # Errors
/// The name of a column that the table does not have.
pub fn fulfils(table: &TableSpec, values: &[Value], condition: &Predicate) -> Result<bool, String> {
    let content = |name: &str| {
        table.column(name).and_then(|(place, _)| values.get(place)).ok_or_else(|| name.to_owned())
    };
    Ok(match condition {
        Predicate::All => true,
        Predicate::Compare { column, comparison, value } => {
            order(content(column)?, value).is_some_and(|order| holds(*comparison, order))
        }
        Predicate::AnyOf { column, values } => {
            let content = content(column)?;
            values.iter().any(|value| order(content, value) == Some(Ordering::Equal))
        }
        Predicate::IsNull { column } => *content(column)? == Value::Null,
        Predicate::Contains { column, part } => match content(column)? {
            Value::Text(text) | Value::Json(text) => {
                text.to_ascii_lowercase().contains(&part.to_ascii_lowercase())
            }
            _ => false,
        },
        Predicate::And(left, right) => fulfils(table, values, left)? & fulfils(table, values, right)?,
        Predicate::Or(left, right) => fulfils(table, values, left)? | fulfils(table, values, right)?,
        Predicate::Not(inner) => !fulfils(table, values, inner)?,
    })
}

/// The order of two contents of one kind; none where one is empty, or they are of different kinds.
pub(crate) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        (Value::Int(left), Value::Int(right)) => Some(left.cmp(right)),
        (Value::Real(left), Value::Real(right)) => left.partial_cmp(right),
        (Value::Decimal(left), Value::Decimal(right)) => Some(left.cmp(right)),
        (Value::Text(left), Value::Text(right)) => Some(left.as_bytes().cmp(right.as_bytes())),
        (Value::Timestamp(left), Value::Timestamp(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

fn holds(comparison: Comparison, order: Ordering) -> bool {
    match comparison {
        Comparison::Equal => order == Ordering::Equal,
        Comparison::Less => order == Ordering::Less,
        Comparison::LessOrEqual => order != Ordering::Greater,
        Comparison::Greater => order == Ordering::Greater,
        Comparison::GreaterOrEqual => order != Ordering::Less,
    }
}

#[cfg(test)]
mod tests {
    use watershed_core::{ColumnKind, ColumnSpec};

    use super::*;

    fn column(name: &'static str, kind: ColumnKind) -> ColumnSpec {
        ColumnSpec {
            name: name.into(),
            kind,
            optional: true,
            key: false,
            indexed: true,
            searched: true,
            internal: false,
        }
    }

    fn compare(column: &'static str, comparison: Comparison, value: Value) -> Predicate {
        Predicate::Compare { column: column.into(), comparison, value }
    }

    #[test]
    fn a_condition_on_an_empty_column_is_false_and_turned_round_true() {
        let columns = vec![column("number", ColumnKind::Int), column("word", ColumnKind::Text)];
        let table = TableSpec { name: "t".into(), columns: columns.into(), indexes: vec![].into() };
        let conditions = [
            compare("number", Comparison::Equal, Value::Int(0)),
            compare("number", Comparison::LessOrEqual, Value::Int(i64::MAX)),
            compare("number", Comparison::Equal, Value::Null),
            Predicate::AnyOf { column: "number".into(), values: vec![Value::Int(0), Value::Null] },
            Predicate::Contains { column: "word".into(), part: String::new() },
        ];
        for condition in conditions {
            let empty = [Value::Null, Value::Null];
            assert_eq!(fulfils(&table, &empty, &condition), Ok(false), "{condition:?}");
            assert_eq!(fulfils(&table, &empty, &Predicate::Not(Box::new(condition))), Ok(true));
        }
        let other = compare("other", Comparison::Equal, Value::Int(0));
        let either = Predicate::Or(Box::new(Predicate::All), Box::new(other));
        assert_eq!(fulfils(&table, &[Value::Int(1), Value::Null], &either), Err("other".into()));
    }

    #[test]
    fn numbers_of_two_kinds_are_not_compared() {
        let one = Value::Decimal(watershed_core::Decimal::from(1));
        assert_eq!(order(&one, &Value::Int(1)), None);
        assert_eq!(order(&one, &Value::Decimal(crate::decimal("1.00"))), Some(Ordering::Equal));
    }
}
