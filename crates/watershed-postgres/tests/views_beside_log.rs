//! Views that are a `SELECT` over the log, as of its head.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use watershed_core::ports::{Append, EventLog, RowError, RowKey, RowsBesideLog};
use watershed_core::read::Comparison;
use watershed_core::{
    Ask, ColumnKind, ColumnSpec, Direction, Key, Predicate, StreamId, TableSpec, Tenant, Timestamp, Value,
};
use watershed_postgres::{Options, PostgresLog, PostgresRowsBesideLog};
use watershed_testkit::postgres::{Postgres, client};
use watershed_testkit::things::happened;

const BUSY: &str = "busy";
const SELECT: &str =
    "SELECT tenant, stream, count(*) AS number, max(length(payload)) / 3.0 AS third FROM events
     GROUP BY tenant, stream HAVING count(*) > 1 -- the busy ones";

fn column(name: &'static str, kind: ColumnKind, key: bool) -> ColumnSpec {
    ColumnSpec {
        name: name.into(),
        kind,
        optional: false,
        key,
        indexed: !key,
        searched: key,
        internal: false,
    }
}

fn busy() -> TableSpec {
    let columns = vec![
        column("stream", ColumnKind::Text, true),
        column("number", ColumnKind::Int, false),
        column("third", ColumnKind::Decimal, false),
    ];
    TableSpec { name: BUSY.into(), columns: columns.into(), indexes: Vec::new().into() }
}

async fn append(log: &PostgresLog, tenant: &str, stream: &str, events: u8) {
    let events = (0..events).map(|number| happened(number.into(), "{}"));
    let append = Append::new(
        Tenant::stored(tenant.into()),
        StreamId::new("thing", stream),
        events.collect(),
        Timestamp::from_micros(7),
    );
    log.append(append).await.unwrap();
}

fn brief(rows: &[watershed_core::ports::StoredRow]) -> Vec<String> {
    rows.iter().map(|row| format!("{}/{} {:?}", row.key.tenant, row.key.key, row.values[1])).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_gives_the_rows_of_its_select_as_of_the_head() {
    let server = Postgres::start();
    let log = PostgresLog::open(Options::new(server.server())).await.unwrap();
    let beside = PostgresRowsBesideLog::open(Options::new(server.server())).await.unwrap();
    let view = beside.open_sql_view(busy(), SELECT).await.unwrap();
    let tenant = Tenant::default();
    let empty = view.ask(&tenant, &Ask::rows(BUSY)).await.unwrap();
    assert_eq!((empty.rows.len(), empty.position), (0, 0));
    for (tenant, stream, events) in
        [("default", "a", 1), ("default", "b", 2), ("default", "c", 5), ("default", "d", 2), ("acme", "b", 4)]
    {
        append(&log, tenant, stream, events).await;
    }
    let found = view.ask(&tenant, &Ask::rows(BUSY)).await.unwrap();
    assert_eq!(brief(&found.rows), ["default/b 2", "default/c 5", "default/d 2"]);
    assert_eq!((found.position, found.event_time), (14, Some(Timestamp::from_micros(7))));
    let third = &found.rows[0].values[2];
    assert!(matches!(third, Value::Decimal(third) if third.to_string().starts_with("0.6666")), "{third:?}");

    let filter = |comparison, number| Predicate::Compare {
        column: "number".into(),
        comparison,
        value: Value::Int(number),
    };
    let question = Ask {
        filter: filter(Comparison::LessOrEqual, 5),
        sort: vec![("number".into(), Direction::Descending)],
        limit: 2,
        ..Ask::rows(BUSY)
    };
    let page = view.ask(&tenant, &question).await.unwrap();
    assert_eq!(brief(&page.rows), ["default/c 5", "default/d 2"]);
    let next = view.ask(&tenant, &Ask { after: page.next, ..question }).await.unwrap();
    assert_eq!((brief(&next.rows), next.next), (vec!["default/b 2".to_owned()], None));

    let one = |key: &str| Ask { key: Some(key.into()), ..Ask::rows(BUSY) };
    assert_eq!(brief(&view.ask(&tenant, &one("c")).await.unwrap().rows), ["default/c 5"]);
    let none = view.ask(&tenant, &one("a")).await.unwrap();
    assert_eq!((none.rows.len(), none.position), (0, 14));
    let key = |tenant: &str, key: &str| RowKey { tenant: Tenant::stored(tenant.into()), key: Key::from(key) };
    let keys = [key("acme", "b"), key("default", "a"), key("default", "d")];
    assert_eq!(brief(&view.rows(0, &keys).await.unwrap()), ["acme/b 4", "default/d 2"]);
    let all = view.scan(0, &Predicate::All, None, 2).await.unwrap();
    assert_eq!(brief(&all), ["acme/b 4", "default/b 2"]);
    let rest = view.scan(0, &filter(Comparison::Less, 5), Some(&all[1].key), 9).await.unwrap();
    assert_eq!(brief(&rest), ["default/d 2"]);
    let unknown = Predicate::IsNull { column: "tenant".into() };
    let answer = view.ask(&tenant, &Ask { filter: unknown, ..Ask::rows(BUSY) }).await;
    assert!(matches!(answer, Err(RowError::NoSuchColumn(_))), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_one_select_of_its_columns_is_refused_and_changes_nothing() {
    let server = Postgres::start();
    let log = PostgresLog::open(Options::new(server.server())).await.unwrap();
    append(&log, "default", "a", 3).await;
    let beside = PostgresRowsBesideLog::open(Options::new(server.server())).await.unwrap();
    let statements = [
        "DELETE FROM events",
        "DELETE FROM events RETURNING tenant, stream, version AS number, version AS third",
        "UPDATE events SET version = 7",
        "SELECT tenant, stream, version AS number, version AS third FROM events; DELETE FROM events",
        "SELECT tenant, stream, version AS number, version AS third FROM events) AS x; DELETE FROM events; --",
        "WITH gone AS (DELETE FROM events RETURNING *) SELECT tenant, stream, version AS number, version AS third FROM gone",
        "SELECT tenant, stream, version AS number FROM events",
        "SELECT stream, version AS number, version AS third FROM events",
        "SELECT tenant, stream, version AS number, payload AS nothing FROM nowhere",
        "SELECT tenant, stream, idem_list AS number, version AS third FROM events",
        "nonsense",
        "",
    ];
    for sql in statements {
        assert!(beside.open_sql_view(busy(), sql).await.is_err(), "this was taken for a view: {sql:?}");
    }
    // What only shows when it is run.
    let client = client(&server.server()).await;
    client.batch_execute("CREATE SEQUENCE watershed.counted").await.unwrap();
    let sql = "SELECT tenant, stream, nextval('counted') AS number, version AS third FROM events";
    let counting = beside.open_sql_view(busy(), sql).await.unwrap();
    assert!(
        counting.ask(&Tenant::default(), &Ask::rows(BUSY)).await.is_err(),
        "a view has changed something"
    );
    let view = beside.open_sql_view(busy(), SELECT).await.unwrap();
    assert_eq!(brief(&view.ask(&Tenant::default(), &Ask::rows(BUSY)).await.unwrap().rows), ["default/a 3"]);
}
