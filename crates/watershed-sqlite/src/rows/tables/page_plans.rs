//! Pages are read from an index, however deep they lie: no table is walked through, and nothing large is sorted.

use std::borrow::Cow;

use rusqlite::params_from_iter;
use watershed_core::ports::RowKey;
use watershed_core::{ColumnKind, ColumnSpec, Direction, IndexSpec, TableSpec, Value};

use super::*;
use crate::rows::statements::{TableSql, create_indexes, create_table};

fn column(name: &'static str, kind: ColumnKind) -> ColumnSpec {
    ColumnSpec {
        name: name.into(),
        kind,
        optional: true,
        key: false,
        indexed: true,
        searched: false,
        internal: false,
    }
}

fn table() -> TableSql {
    TableSql::new(TableSpec {
        name: "families".into(),
        columns: Cow::Owned(vec![
            ColumnSpec { key: true, optional: false, ..column("id", ColumnKind::Text) },
            column("risk", ColumnKind::Int),
            column("dues", ColumnKind::Decimal),
        ]),
        indexes: Cow::Owned(vec![IndexSpec {
            columns: Cow::Owned(vec![("risk", Direction::Descending), ("dues", Direction::Ascending)]),
        }]),
    })
}

/// How SQLite answers each statement of the page after a row with these values.
fn plans(table: &TableSql, sort: &[(&'static str, Direction)], after: &[Value]) -> Vec<String> {
    let connection = Connection::open_in_memory().unwrap();
    connection.create_collation("decimal", |left, right| left.cmp(right)).unwrap();
    connection.execute_batch(&create_table(&table.spec, "families")).unwrap();
    for index in create_indexes(&table.spec, "families") {
        connection.execute_batch(&index).unwrap();
    }
    let from = table.rows_from();
    let mut ask = Ask {
        sort: sort.iter().map(|(name, direction)| ((*name).into(), *direction)).collect(),
        limit: 1,
        ..Ask::rows("families")
    };
    let tenant = Tenant::default();
    // The cursor behind a row with these values, as a page that ends there gives it.
    let stored = |key: &str| {
        let key = RowKey { tenant: tenant.clone(), key: key.into() };
        let mut values = vec![Value::Null; table.spec.columns.len()];
        for ((name, _), value) in sort.iter().zip(after) {
            values[table.spec.column(name).unwrap().0] = value.clone();
        }
        StoredRow { key, values, position: 1, revision: 1, shown: true }
    };
    let first = Question::new(from, &tenant, &ask, 1).unwrap();
    let (_, cursor) = first.page(vec![stored("k"), stored("l")]);
    ask.after = cursor;
    let question = Question::new(from, &tenant, &ask, 1).unwrap();
    let plan = |segment: &Segment<'_>| {
        let sql = format!("EXPLAIN QUERY PLAN {}", question.select(segment));
        let limit = Bind::Int(50);
        let binds = question.conditions().binds.iter().chain(&segment.conditions.binds).chain([&limit]);
        let mut statement = connection.prepare(&sql).unwrap();
        let binds = params_from_iter(binds.map(|bind| Bound(*bind)));
        let steps = statement.query_map(binds, |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    };
    question.segments().iter().map(plan).collect()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[test]
fn a_page_by_key_starts_at_its_row() {
    let plans = plans(&table(), &[], &[text("k")]);
    assert_eq!(plans, ["SEARCH families USING INDEX families_key (tenant=? AND id>?)"]);
}

#[test]
fn a_page_by_a_column_goes_on_among_its_ties_and_then_behind_them() {
    let plans = plans(&table(), &[("risk", Direction::Ascending)], &[Value::Int(7), text("k")]);
    assert_eq!(
        plans,
        [
            "SEARCH families USING INDEX families_1 (tenant=? AND risk=? AND id>?)",
            "SEARCH families USING INDEX families_1 (tenant=? AND risk>?)",
        ]
    );
}

#[test]
fn a_page_by_amounts_uses_their_index_as_numbers() {
    let amount = Value::Decimal(7.into());
    let plans = plans(&table(), &[("dues", Direction::Ascending)], &[amount, text("k")]);
    assert_eq!(
        plans,
        [
            "SEARCH families USING INDEX families_2 (tenant=? AND dues=? AND id>?)",
            "SEARCH families USING INDEX families_2 (tenant=? AND dues>?)",
        ]
    );
}

#[test]
fn a_page_from_the_largest_down_walks_the_same_index_backwards() {
    let plans = plans(&table(), &[("risk", Direction::Descending)], &[Value::Int(7), text("k")]);
    assert_eq!(
        plans,
        [
            "SEARCH families USING INDEX families_1 (tenant=? AND risk=? AND id<?)",
            "SEARCH families USING INDEX families_1 (tenant=? AND risk<?)",
            "SEARCH families USING INDEX families_1 (tenant=? AND risk=?)",
        ]
    );
}

#[test]
fn an_index_over_one_column_is_that_columns_own() {
    let risk = [("risk", Direction::Descending)];
    let indexes = Cow::Owned(vec![IndexSpec { columns: Cow::Owned(risk.to_vec()) }]);
    let spec = TableSpec { indexes, ..table().spec };
    assert_eq!(create_indexes(&spec, "families").len(), 3, "of the key, of risk and of dues");
}

#[test]
fn an_index_over_several_columns_serves_its_order() {
    let sort = [("risk", Direction::Descending), ("dues", Direction::Ascending)];
    let after = [Value::Int(7), Value::Decimal(3.into()), text("k")];
    assert_eq!(
        plans(&table(), &sort, &after),
        [
            "SEARCH families USING INDEX families_3 (tenant=? AND risk=? AND dues=? AND id>?)",
            "SEARCH families USING INDEX families_3 (tenant=? AND risk=? AND dues>?)",
            "SEARCH families USING INDEX families_3 (tenant=? AND risk<?)",
            "SEARCH families USING INDEX families_3 (tenant=? AND risk=?)",
        ]
    );
}
