//! Views that are a `SELECT`: the same filters, order and pages as tables, over whatever SQL computes.

use std::borrow::Cow;

use watershed_core::ports::{EventLog, RowError, RowKey, RowReader, RowsBesideLog};
use watershed_core::read::Comparison;
use watershed_core::{Ask, ColumnKind, ColumnSpec, Direction, Key, Predicate, TableSpec, Tenant, Value};

use crate::beside::{append, follow, open};
use crate::support::column;

/// One row for each stream and parity of its versions; the amount is a number of SQLite's own.
const SQL: &str =
    "SELECT tenant, stream, version % 2 AS parity, count(*) AS events, sum(version) / 2.0 AS amount,
       CASE WHEN stream = 'b:%3A' THEN NULL ELSE upper(stream) END AS name
FROM events -- the log's own table
GROUP BY tenant, stream, version % 2 -- and a comment at the end";

fn spec() -> TableSpec {
    let key = |name, kind| ColumnSpec { key: true, optional: false, ..column(name, kind) };
    TableSpec {
        name: "parities".into(),
        columns: Cow::Owned(vec![
            key("stream", ColumnKind::Text),
            key("parity", ColumnKind::Int),
            column("events", ColumnKind::Int),
            column("amount", ColumnKind::Decimal),
            ColumnSpec { searched: true, ..column("name", ColumnKind::Text) },
        ]),
        indexes: Cow::Borrowed(&[]),
    }
}

async fn keys(view: &dyn RowReader, ask: &Ask) -> Vec<String> {
    let found = view.ask(&Tenant::default(), ask).await.unwrap();
    found.rows.iter().map(|row| row.key.key.to_string()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_is_filtered_sorted_and_paged_like_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let view = sqlite.rows_beside_log().open_sql_view(spec(), SQL).await.unwrap();
    assert_eq!(view.ask(&Tenant::default(), &Ask::rows("parities")).await.unwrap().position, 0);
    for (stream, events) in [("a", 9), ("b:%3A", 4), ("c", 2)] {
        sqlite.log().append(append(stream, events)).await.unwrap();
    }
    let view = &*view;
    let all = Ask::rows("parities");
    assert_eq!(keys(view, &all).await, ["a:0", "a:1", "b%3A%253A:0", "b%3A%253A:1", "c:0", "c:1"]);
    let found = view.ask(&Tenant::default(), &all).await.unwrap();
    assert_eq!((found.position, found.event_time.map(|time| time.as_micros())), (15, Some(77)));
    assert_eq!(found.rows[0].values[3], Value::Decimal("10".parse().unwrap()));

    // 10, 12.5, 3, 2, 1, 0.5: as texts they would stand in another order.
    let sorted = Ask { sort: vec![("amount".into(), Direction::Descending)], limit: 1, ..all.clone() };
    let (mut ask, mut paged) = (sorted, Vec::new());
    loop {
        let found = view.ask(&Tenant::default(), &ask).await.unwrap();
        paged.extend(found.rows.iter().map(|row| row.key.key.to_string()));
        ask.after = found.next;
        if ask.after.is_none() {
            break;
        }
    }
    assert_eq!(paged, ["a:1", "a:0", "b%3A%253A:0", "b%3A%253A:1", "c:0", "c:1"]);

    let above = Predicate::Compare {
        column: "amount".into(),
        comparison: Comparison::GreaterOrEqual,
        value: Value::Decimal("3.0".parse().unwrap()),
    };
    let some = Ask {
        filter: above.and(Predicate::Not(Box::new(Predicate::IsNull { column: "name".into() }))),
        ..all
    };
    assert_eq!(keys(view, &some).await, ["a:0", "a:1"]);
    let part = Predicate::Contains { column: "name".into(), part: "c".into() };
    assert_eq!(keys(view, &Ask { filter: part, ..Ask::rows("parities") }).await, ["c:0", "c:1"]);
    for (key, found) in [("b%3A%253A:1", 1), ("b:%3A:1", 0), ("b%3A%253A:x", 0), ("b%3A%253A", 0), ("", 0)] {
        let ask = Ask { key: Some(Key::from(key)), ..Ask::rows("parities") };
        assert_eq!(keys(view, &ask).await.len(), found, "{key}");
    }
    let other = Tenant::new("other").unwrap();
    assert_eq!(view.ask(&other, &Ask::rows("parities")).await.unwrap().rows, []);
    let wrong = Ask { sort: vec![("tenant".into(), Direction::Ascending)], ..Ask::rows("parities") };
    assert!(matches!(view.ask(&other, &wrong).await, Err(RowError::NoSuchColumn(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_can_be_scanned_and_read_by_keys() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let view = sqlite.rows_beside_log().open_sql_view(spec(), SQL).await.unwrap();
    sqlite.log().append(append("a", 3)).await.unwrap();
    sqlite.log().append(append("b", 3)).await.unwrap();
    let mut scanned = Vec::new();
    loop {
        let after: Option<RowKey> = scanned.last().cloned();
        let rows = view.scan(0, &Predicate::All, after.as_ref(), 1).await.unwrap();
        let Some(row) = rows.into_iter().next() else { break };
        scanned.push(row.key);
    }
    let texts: Vec<&str> = scanned.iter().map(|key| key.key.as_str()).collect();
    assert_eq!(texts, ["a:0", "a:1", "b:0", "b:1"]);
    assert_eq!(view.rows(0, &scanned).await.unwrap().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inline_rows_are_seen_through_a_view_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let _group = follow(&sqlite, "counts", "1").await;
    let sql =
        "SELECT tenant, stream, 0 AS parity, count AS events, 0 AS amount, stream AS name FROM counts;\n";
    let view = sqlite.rows_beside_log().open_sql_view(spec(), sql).await.unwrap();
    for number in 1..10_i64 {
        let appended = sqlite.log().append(append("s", 1)).await.unwrap();
        let found = view.ask(&Tenant::default(), &Ask::rows("parities")).await.unwrap();
        assert_eq!((found.position, &found.rows[0].values[2]), (appended.position, &Value::Int(number)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_one_select_with_the_columns_is_no_view() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    for sql in [
        "",
        "SELECT 1",
        "SELECT tenant, stream FROM events",
        "DELETE FROM events",
        "DELETE FROM events RETURNING *",
        "SELECT * FROM nowhere",
        "SELECT tenant, stream, 1 AS parity, 1 AS events, 1 AS amount, '' AS name FROM events; DELETE FROM events",
        "SELECT tenant, stream, 1 AS parity, 1 AS events, 1 AS amount, '' AS name FROM events) WHERE 1; --",
        "SELECT tenant, stream, 1 AS parity, 1 AS events, 1 AS amount, '' AS name FROM events), (SELECT 1",
    ] {
        let opened = sqlite.rows_beside_log().open_sql_view(spec(), sql).await;
        assert!(opened.is_err(), "{sql}");
    }
}
