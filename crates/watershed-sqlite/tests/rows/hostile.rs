//! Keys, values and names that want to be SQL, and files that somebody else has written to.

use std::borrow::Cow;

use proptest::prelude::*;
use watershed_core::ports::{GroupSpec, RowChange, RowStore, RowsBatch, StoredRow};
use watershed_core::{Ask, ColumnKind, Direction, IndexSpec, Key, Predicate, TableSpec, Value};
use watershed_sqlite::SqliteRows;

use crate::support::{Fixture, at, by_key, column, key, now, puts, tenant, thing, things};

fn nasty() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "'; DROP TABLE things; --",
        "\" OR 1=1 --",
        "%",
        "_",
        "\\",
        "?1",
        ":a",
        "$x",
        "@y",
        "a:b%3A",
        "\0",
        "a\0'; --",
        "1e5",
        "NULL",
        "x'00'",
        "🦀",
        "\u{202e}",
    ]);
    prop_oneof![known.prop_map(str::to_owned), ".{0,20}", "[\\PC\0]{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_key_or_a_text_holds_is_data(id in nasty(), text in nasty(), part in nasty()) {
        let fixture = Fixture::new();
        let row = thing(&id, &[(5, Value::Text(text.as_str().into()))]);
        let other = thing("another key", &[]);
        now(fixture.group.write(&puts(vec![row.clone(), other.clone()], 1))).unwrap();
        let acme = tenant("acme");
        let found = now(fixture.group.ask(&acme, &by_key(&id))).unwrap();
        prop_assert_eq!(&found.rows, std::slice::from_ref(&row));
        let holding = Ask {
            filter: Predicate::Contains { column: "name".into(), part: part.clone() },
            ..Ask::rows("things")
        };
        let holds = text.to_ascii_lowercase().contains(&part.to_ascii_lowercase());
        prop_assert_eq!(now(fixture.group.ask(&acme, &holding)).unwrap().rows.len(), usize::from(holds));
        let first = Ask { limit: 1, sort: vec![("name".into(), Direction::Descending)], ..Ask::rows("things") };
        let page = now(fixture.group.ask(&acme, &first)).unwrap();
        prop_assert_eq!(&page.rows, std::slice::from_ref(&row));
        let cursor = page.next.unwrap().to_string().parse().unwrap();
        let next = now(fixture.group.ask(&acme, &Ask { after: Some(cursor), ..first })).unwrap();
        prop_assert_eq!(&next.rows, std::slice::from_ref(&other));
        let gone = RowsBatch {
            changes: vec![(0, vec![RowChange::Delete(row.key.clone())])],
            checkpoint: at(2),
            ..RowsBatch::default()
        };
        now(fixture.group.write(&gone)).unwrap();
        prop_assert_eq!(fixture.ids(&Ask::rows("things")), ["another key"]);
    }
}

#[test]
fn a_key_of_ten_thousand_characters_is_a_key() {
    let fixture = Fixture::new();
    let long = |end: &str| format!("{}{end}", "é".repeat(10_000));
    let rows: Vec<StoredRow> = ["a", "b", "c"].map(|end| thing(&long(end), &[])).into();
    now(fixture.group.write(&puts(rows.clone(), 1))).unwrap();
    for row in &rows {
        let found = now(fixture.group.ask(&tenant("acme"), &by_key(row.key.key.as_str()))).unwrap();
        assert_eq!(found.rows, std::slice::from_ref(row));
    }
    let first = now(fixture.group.ask(&tenant("acme"), &Ask { limit: 2, ..Ask::rows("things") })).unwrap();
    let second = Ask { limit: 2, after: first.next, ..Ask::rows("things") };
    assert_eq!(fixture.ids(&second), [long("c")]);
}

#[test]
fn a_name_with_quotes_is_a_name() {
    let name = "a\"; DROP TABLE checkpoints; --";
    let table = TableSpec {
        name: name.into(),
        columns: Cow::Owned(vec![
            watershed_core::ColumnSpec {
                key: true,
                optional: false,
                ..column("the \"key\"", ColumnKind::Text)
            },
            watershed_core::ColumnSpec { searched: true, ..column("select", ColumnKind::Text) },
            column("n']", ColumnKind::Decimal),
        ]),
        indexes: Cow::Owned(vec![IndexSpec {
            columns: Cow::Owned(vec![("n']", Direction::Descending), ("select", Direction::Ascending)]),
        }]),
    };
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteRows::open(folder.path()).unwrap();
    let group = now(store.open(GroupSpec {
        name: name.into(),
        edition: 1,
        version: name.into(),
        tables: vec![table],
        journal: Vec::new(),
    }))
    .unwrap();
    let row = StoredRow {
        key: key("acme", "k"),
        values: vec![Value::Text("k".into()), Value::Text("x".into()), Value::Decimal(5.into())],
        position: 1,
        revision: 0,
        shown: true,
    };
    now(group.write(&puts(vec![row.clone()], 1))).unwrap();
    let mut loader = now(group.loader()).unwrap();
    now(loader.add(0, vec![row.clone()])).unwrap();
    now(loader.finish(Vec::new(), at(2))).unwrap();
    now(group.write(&puts(vec![row.clone()], 3))).unwrap();
    let name: &'static str = String::from(name).leak();
    let ask = Ask {
        sort: vec![("n']".into(), Direction::Descending), ("select".into(), Direction::Ascending)],
        filter: Predicate::Contains { column: "select".into(), part: "X".into() },
        ..Ask::rows(name)
    };
    assert_eq!(now(group.ask(&tenant("acme"), &ask)).unwrap().rows, std::slice::from_ref(&row));
    let one = Ask { key: Some(Key::from("k")), ..Ask::rows(name) };
    assert_eq!(now(group.ask(&tenant("acme"), &one)).unwrap().rows, [row]);
}

/// What somebody wrote with another tool spoils the row that they wrote, and no other.
#[test]
fn rows_of_the_wrong_kind_do_not_harm_the_others() {
    let fixture = Fixture::new();
    let good = thing("good", &[(2, Value::Int(1))]);
    now(fixture.group.write(&puts(vec![good.clone()], 1))).unwrap();
    fixture
        .plain()
        .execute_batch(
            "INSERT INTO things (tenant, id, flag, count, ratio, amount, name, seen, _position, _revision, _shown)
             VALUES ('acme', 'bad1', 'maybe', 'many', 'much', '1.5', x'ff00', 'then', -1, 'x', 1),
                    ('acme', 'bad2', 7, 1.5, 3, 12, 99, 2.5, 1, 1, 5),
                    ('acme', NULL, 0, 0, 0, 0, 0, 0, 1, 1, 1),
                    ('acme', x'fe', 0, 0, 0, 0, 0, 0, 1, 1, 1);
             CREATE INDEX theirs ON things (ratio);
             ALTER TABLE things ADD COLUMN remark TEXT;",
        )
        .unwrap();
    let acme = tenant("acme");
    for column in ["id", "flag", "count", "ratio", "amount", "name", "seen"] {
        for direction in [Direction::Ascending, Direction::Descending] {
            let ask = Ask { sort: vec![(column.into(), direction)], ..Ask::rows("things") };
            let rows = now(fixture.group.ask(&acme, &ask)).unwrap().rows;
            assert!(rows.contains(&good), "sorted by {column}");
        }
    }
    assert_eq!(now(fixture.group.ask(&acme, &by_key("good"))).unwrap().rows, std::slice::from_ref(&good));
    assert!(now(fixture.group.scan(0, &Predicate::All, None, 100)).unwrap().contains(&good));
    let bad = now(fixture.group.ask(&acme, &by_key("bad1"))).unwrap().rows;
    assert_eq!(bad[0].values[2], Value::Text("many".into()));
    now(fixture.group.write(&puts(vec![thing("bad1", &[]), good.clone()], 2))).unwrap();
    assert_eq!(now(fixture.group.rows(0, &[key("acme", "bad1")])).unwrap(), [thing("bad1", &[])]);
    let mut loader = now(fixture.group.loader()).unwrap();
    now(loader.add(0, vec![good])).unwrap();
    now(loader.finish(Vec::new(), at(9))).unwrap();
    assert_eq!(fixture.ids(&Ask::rows("things")), ["good"]);
}

#[test]
fn a_list_may_ask_for_a_thousand_values() {
    let fixture = Fixture::new();
    let rows = (0..1_000).map(|id| thing(&format!("k{id:04}"), &[(2, Value::Int(id))])).collect();
    now(fixture.group.write(&puts(rows, 1))).unwrap();
    let any = Predicate::AnyOf { column: "count".into(), values: (500..9_000).map(Value::Int).collect() };
    assert_eq!(now(fixture.group.scan(0, &any, None, 5_000)).unwrap().len(), 500);
    assert_eq!(things().column("count").unwrap().0, 2);
}
