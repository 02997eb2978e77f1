//! Filters, sorting and pages are held against a store that does it the slow and obvious way.

use std::cmp::Ordering;

use proptest::prelude::*;
use watershed_core::ports::{RowError, StoredRow};
use watershed_core::read::Comparison;
use watershed_core::{Ask, Decimal, Direction, Predicate, Timestamp, Value};

use crate::support::{Fixture, key, now, puts, tenant, thing, things};

/// Columns that readers may compare, by their places in `things`.
const COMPARED: [usize; 7] = [0, 1, 2, 3, 4, 5, 6];
const NAMES: [&str; 9] = ["id", "flag", "count", "ratio", "amount", "name", "seen", "data", "secret"];

/// Few values, so that there are ties everywhere.
fn content(place: usize) -> BoxedStrategy<Value> {
    let decimal = |text: &str| Value::Decimal(text.parse().unwrap());
    let texts = ["", "a", "B", "b", "ab", "A%", "a_b", "é", "É", "%", "a\0b"];
    match place {
        0 => (0..40_u8).prop_map(|id| Value::Text(format!("k{id}").into())).boxed(),
        1 => prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::Bool)].boxed(),
        2 => prop_oneof![
            Just(Value::Null),
            (-2..3_i64).prop_map(Value::Int),
            Just(Value::Int(i64::MIN)),
            Just(Value::Int(i64::MAX)),
        ]
        .boxed(),
        3 => prop_oneof![
            Just(Value::Null),
            prop::sample::select(vec![-1.5, -0.0, 0.0, 1e-300, 2.0, 1e300, f64::INFINITY])
                .prop_map(Value::Real),
        ]
        .boxed(),
        4 => prop_oneof![
            Just(Value::Null),
            prop::sample::select(vec![
                decimal("9.99"),
                decimal("10.0"),
                decimal("10.00"),
                decimal("10"),
                decimal("-3"),
                decimal("-3.5"),
                decimal("-20"),
                decimal("0"),
                decimal("100"),
                decimal("79228162514264337593543950335"),
                decimal("0.0000000000000000000000000001"),
            ]),
        ]
        .boxed(),
        5 => prop_oneof![
            Just(Value::Null),
            prop::sample::select(texts.to_vec()).prop_map(|text| Value::Text(text.into())),
        ]
        .boxed(),
        6 => prop_oneof![
            Just(Value::Null),
            (-1..2_i64).prop_map(|at| Value::Timestamp(Timestamp::from_micros(at * 1_000_000))),
        ]
        .boxed(),
        _ => Just(Value::Null).boxed(),
    }
}

fn row() -> impl Strategy<Value = StoredRow> {
    let values: Vec<BoxedStrategy<Value>> = (0..9).map(content).collect();
    (values, any::<bool>(), 0..8_u8).prop_map(|(values, other_tenant, hidden)| {
        let id = match &values[0] {
            Value::Text(id) => id.to_string(),
            _ => unreachable!(),
        };
        let mut row = thing(&id, &[]);
        row.values = values;
        row.shown = hidden != 0;
        if other_tenant && hidden < 3 {
            row.key = key("other", &id);
        }
        row
    })
}

fn predicate() -> impl Strategy<Value = Predicate> {
    let place = prop::sample::select(COMPARED.to_vec());
    let leaf = place.prop_flat_map(|place| {
        let column = move || NAMES[place].into();
        let comparison = prop::sample::select(vec![
            Comparison::Equal,
            Comparison::Less,
            Comparison::LessOrEqual,
            Comparison::Greater,
            Comparison::GreaterOrEqual,
        ]);
        prop_oneof![
            4 => (comparison, content(place)).prop_map(move |(comparison, value)| Predicate::Compare {
                column: column(),
                comparison,
                value,
            }),
            1 => prop::collection::vec(content(place), 0..4).prop_map(move |values| Predicate::AnyOf {
                column: column(),
                values,
            }),
            1 => Just(Predicate::IsNull { column: column() }),
            1 => prop::sample::select(vec!["", "a", "B", "%", "_", "É", "é", "ab"]).prop_map(|part| {
                Predicate::Contains {
                    column: "name".into(),
                    part: part.to_owned(),
                }
            }),
            1 => Just(Predicate::All),
        ]
    });
    leaf.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| Predicate::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner.clone())
                .prop_map(|(left, right)| Predicate::Or(Box::new(left), Box::new(right))),
            inner.prop_map(|inner| Predicate::Not(Box::new(inner))),
        ]
    })
}

fn sort() -> impl Strategy<Value = Vec<(usize, Direction)>> {
    let direction = prop::sample::select(vec![Direction::Ascending, Direction::Descending]);
    prop::collection::vec((prop::sample::select(COMPARED.to_vec()), direction), 0..4)
}

fn compare(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Null, Value::Null) => Ordering::Equal,
        (Value::Null, _) => Ordering::Less,
        (_, Value::Null) => Ordering::Greater,
        _ => left.partial_cmp(right).unwrap(),
    }
}

fn value<'r>(row: &'r StoredRow, column: &str) -> &'r Value {
    &row.values[things().column(column).unwrap().0]
}

fn fulfils(row: &StoredRow, predicate: &Predicate) -> bool {
    match predicate {
        Predicate::All => true,
        Predicate::Not(inner) => !fulfils(row, inner),
        Predicate::And(left, right) => fulfils(row, left) && fulfils(row, right),
        Predicate::Or(left, right) => fulfils(row, left) || fulfils(row, right),
        Predicate::IsNull { column } => *value(row, column) == Value::Null,
        Predicate::AnyOf { column, values } => {
            values.iter().any(|wanted| compare(value(row, column), wanted).is_eq())
        }
        Predicate::Contains { column, part } => match value(row, column) {
            Value::Text(text) => text.to_ascii_lowercase().contains(&part.to_ascii_lowercase()),
            _ => false,
        },
        Predicate::Compare { column, comparison, value: wanted } => {
            let found = value(row, column);
            if *found == Value::Null || *wanted == Value::Null {
                return false;
            }
            let order = compare(found, wanted);
            match comparison {
                Comparison::Equal => order.is_eq(),
                Comparison::Less => order.is_lt(),
                Comparison::LessOrEqual => order.is_le(),
                Comparison::Greater => order.is_gt(),
                Comparison::GreaterOrEqual => order.is_ge(),
            }
        }
    }
}

/// The same question, answered by filtering and sorting everything.
fn naive(rows: &[StoredRow], predicate: &Predicate, sort: &[(usize, Direction)]) -> Vec<StoredRow> {
    let mut last: std::collections::BTreeMap<_, _> = std::collections::BTreeMap::new();
    for row in rows {
        last.insert(row.key.clone(), row.clone());
    }
    let mut found: Vec<StoredRow> = last
        .into_values()
        .filter(|row| row.key.tenant == tenant("acme") && row.shown && fulfils(row, predicate))
        .collect();
    found.sort_by(|left, right| {
        sort.iter()
            .map(|(place, direction)| {
                let order = compare(&left.values[*place], &right.values[*place]);
                if *direction == Direction::Descending { order.reverse() } else { order }
            })
            .find(|order| order.is_ne())
            .unwrap_or_else(|| match sort.last() {
                Some((_, Direction::Descending)) => right.key.cmp(&left.key),
                _ => left.key.cmp(&right.key),
            })
    });
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn pages_hold_exactly_the_rows_that_fulfil_the_filter_in_order(
        rows in prop::collection::vec(row(), 0..60),
        filter in predicate(),
        sort in sort(),
        limit in 1..12_u32,
    ) {
        let fixture = Fixture::new();
        now(fixture.group.write(&puts(rows.clone(), 7))).unwrap();
        let mut ask = Ask {
            filter: filter.clone(),
            sort: sort.iter().map(|(place, direction)| (NAMES[*place].into(), *direction)).collect(),
            limit,
            ..Ask::rows("things")
        };
        let mut paged = Vec::new();
        loop {
            let found = now(fixture.group.ask(&tenant("acme"), &ask)).unwrap();
            prop_assert!(found.rows.len() <= limit as usize);
            prop_assert_eq!(found.position, 7);
            paged.extend(found.rows);
            // A number beyond all others has no text form; every other cursor goes through its text, as with callers.
            ask.after = found.next.map(|cursor| cursor.to_string().parse().unwrap_or(cursor));
            if ask.after.is_none() {
                break;
            }
        }
        prop_assert_eq!(paged, naive(&rows, &filter, &sort));
        prop_assert_eq!(fixture.damage(), "ok");
    }

    #[test]
    fn scans_of_folds_see_every_tenant_and_hidden_rows(
        rows in prop::collection::vec(row(), 0..60),
        filter in predicate(),
        limit in 1..12_usize,
    ) {
        let fixture = Fixture::new();
        now(fixture.group.write(&puts(rows.clone(), 7))).unwrap();
        let mut scanned: Vec<StoredRow> = Vec::new();
        loop {
            let after = scanned.last().map(|row| row.key.clone());
            let more = now(fixture.group.scan(0, &filter, after.as_ref(), limit)).unwrap();
            prop_assert!(more.len() <= limit);
            if more.is_empty() {
                break;
            }
            scanned.extend(more);
        }
        let mut last = std::collections::BTreeMap::new();
        for row in rows {
            last.insert(row.key.clone(), row);
        }
        let expected: Vec<StoredRow> = last.into_values().filter(|row| fulfils(row, &filter)).collect();
        prop_assert_eq!(scanned, expected);
    }
}

#[test]
fn a_cursor_of_another_question_is_refused() {
    let fixture = Fixture::new();
    let rows = (0..9).map(|id| thing(&format!("k{id}"), &[(2, Value::Int(id % 2))])).collect();
    now(fixture.group.write(&puts(rows, 1))).unwrap();
    let filter = |value| Predicate::Compare {
        column: "count".into(),
        comparison: Comparison::GreaterOrEqual,
        value: Value::Int(value),
    };
    let ask = Ask {
        filter: filter(0),
        sort: vec![("count".into(), Direction::Descending)],
        limit: 2,
        ..Ask::rows("things")
    };
    let (acme, other) = (tenant("acme"), tenant("other"));
    let cursor = now(fixture.group.ask(&acme, &ask)).unwrap().next.unwrap();
    let again = |ask: Ask, tenant| {
        let ask = Ask { after: Some(cursor.clone()), ..ask };
        now(fixture.group.ask(tenant, &ask)).map(|found| found.rows.len())
    };
    assert_eq!(again(ask.clone(), &acme), Ok(2));
    assert_eq!(again(Ask { limit: 5, ..ask.clone() }, &acme), Ok(5));
    assert_eq!(again(ask.clone(), &other), Err(RowError::WrongCursor));
    let other_filter = Ask { filter: filter(-1), ..ask.clone() };
    assert_eq!(again(other_filter, &acme), Err(RowError::WrongCursor));
    let other_order = Ask { sort: vec![("count".into(), Direction::Ascending)], ..ask.clone() };
    assert_eq!(again(other_order, &acme), Err(RowError::WrongCursor));
    let more_order = Ask {
        sort: vec![("count".into(), Direction::Descending), ("name".into(), Direction::Ascending)],
        ..ask
    };
    assert_eq!(again(more_order, &acme), Err(RowError::WrongCursor));
    assert_eq!(again(Ask::rows("pairs"), &acme), Err(RowError::WrongCursor));
}

#[test]
fn columns_that_are_not_declared_cannot_be_asked_about() {
    let fixture = Fixture::new();
    let acme = tenant("acme");
    let refused = |ask: &Ask, column: &str| {
        assert_eq!(
            now(fixture.group.ask(&acme, ask)).map(|found| found.rows.len()),
            Err(RowError::NoSuchColumn(column.to_owned())),
        );
    };
    for column in ["secret", "data", "nothing", "tenant", "_shown", "rowid", "id\" --", ""] {
        refused(
            &Ask { sort: vec![(column.to_owned().into(), Direction::Ascending)], ..Ask::rows("things") },
            column,
        );
        refused(
            &Ask {
                filter: Predicate::Not(Box::new(Predicate::IsNull { column: column.to_owned().into() })),
                ..Ask::rows("things")
            },
            column,
        );
    }
    for column in ["id", "secret", "nothing"] {
        refused(
            &Ask {
                filter: Predicate::Contains { column: column.into(), part: "a".into() },
                ..Ask::rows("things")
            },
            column,
        );
    }
}

#[test]
fn folds_may_look_at_internal_columns() {
    let fixture = Fixture::new();
    let row = thing("k1", &[(8, Value::Text("hush".into()))]);
    now(fixture.group.write(&puts(vec![row.clone(), thing("k2", &[])], 1))).unwrap();
    let filter = Predicate::Compare {
        column: "secret".into(),
        comparison: Comparison::Equal,
        value: Value::Text("hush".into()),
    };
    assert_eq!(now(fixture.group.scan(0, &filter, None, 10)).unwrap(), [row]);
}

#[test]
fn numbers_come_back_as_they_were_written() {
    let fixture = Fixture::new();
    let exact: Decimal = "-0.0000000000000000000000000010".parse().unwrap();
    let row = thing(
        "k1",
        &[
            (1, Value::Bool(true)),
            (2, Value::Int(i64::MIN)),
            (3, Value::Real(0.1 + 0.2)),
            (4, Value::Decimal(exact)),
            (5, Value::Text("a\0é".into())),
            (6, Value::Timestamp(Timestamp::from_micros(-1))),
            (7, Value::Json("{\"a\":[1,2]}".into())),
        ],
    );
    let strange = thing("k2", &[(3, Value::Real(f64::NAN))]);
    now(fixture.group.write(&puts(vec![row.clone(), strange], 1))).unwrap();
    let found = now(fixture.group.rows(0, &[key("acme", "k1"), key("acme", "k2")])).unwrap();
    assert_eq!(found[0], row);
    assert_eq!(found[0].values[4], Value::Decimal(exact));
    assert_eq!(format!("{:?}", found[0].values[4]), "-0.0000000000000000000000000010");
    assert!(matches!(found[1].values[3], Value::Real(number) if number.is_nan()));
}
