//! What people find who look with tools of their own.

use watershed_core::ports::{RowEditions, RowStore};
use watershed_core::{ColumnKind, ColumnSpec};
use watershed_postgres::PostgresRows;
use watershed_testkit::postgres::Postgres;

use crate::support::{at, client, column, group_of, key_column, open, options, puts, thing};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_shows_what_readers_see_and_what_was_built_on_it_stays() {
    let server = Postgres::start();
    let (store, group) = open(&server).await;
    let hidden = watershed_core::ports::StoredRow { shown: false, ..thing("b", 2, None) };
    group.write(&puts(vec![thing("a", 1, Some("x")), hidden], 1)).await.unwrap();
    store.publish("things", 1).await.unwrap();
    let client = client(&server).await;
    client.batch_execute("CREATE VIEW doubled AS SELECT id, number * 2 AS twice FROM things").await.unwrap();
    let twice = async || -> Vec<i64> {
        let rows = client.query("SELECT twice FROM doubled ORDER BY id", &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    assert_eq!(twice().await, [2]);
    for number in 3..6 {
        let mut loader = group.loader().await.unwrap();
        loader.add(0, vec![thing("a", number, None), thing("c", number, None)]).await.unwrap();
        loader.finish(Vec::new(), at(9)).await.unwrap();
        assert_eq!(twice().await, [number * 2, number * 2]);
    }
    // Somebody has a view open for long: the load goes on, and the view is seen to when it is next looked at.
    client.batch_execute("BEGIN; SELECT * FROM doubled").await.unwrap();
    let mut loader = group.loader().await.unwrap();
    loader.add(0, vec![thing("a", 50, None)]).await.unwrap();
    loader.finish(Vec::new(), at(10)).await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
    drop((group, store));
    let (_store, _group) = open(&server).await;
    assert_eq!(twice().await, [100]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_model_named_like_something_else_is_shown_with_its_groups_name() {
    let server = Postgres::start();
    let store = PostgresRows::open(options(&server.server())).await.unwrap();
    let mut spec = group_of(
        "books",
        vec![key_column("id"), column("number", ColumnKind::Int), column("word", ColumnKind::Text)],
    );
    spec.tables[0].name = "checkpoints".into();
    let group = store.open(spec).await.unwrap();
    group.write(&puts(vec![thing("a", 7, None)], 1)).await.unwrap();
    store.publish("books", 1).await.unwrap();
    let client = client(&server).await;
    let sql = "SELECT number FROM \"books.checkpoints\"";
    assert_eq!(client.query_one(sql, &[]).await.unwrap().get::<_, i64>(0), 7);
}

/// Each kind of column is of the type that people expect of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_are_of_honest_types() {
    let server = Postgres::start();
    let store = PostgresRows::open(options(&server.server())).await.unwrap();
    let kinds = [
        ("flag", ColumnKind::Bool, "boolean"),
        ("number", ColumnKind::Int, "bigint"),
        ("ratio", ColumnKind::Real, "double precision"),
        ("amount", ColumnKind::Decimal, "numeric"),
        ("word", ColumnKind::Text, "text"),
        ("at", ColumnKind::Timestamp, "timestamp with time zone"),
        ("nested", ColumnKind::Json, "json"),
    ];
    let mut columns: Vec<ColumnSpec> = vec![key_column("id")];
    columns.extend(kinds.iter().map(|(name, kind, _)| column(name, *kind)));
    let _group = store.open(group_of("typed", columns)).await.unwrap();
    store.publish("typed", 1).await.unwrap();
    let client = client(&server).await;
    let sql = "SELECT data_type::text FROM information_schema.columns WHERE table_name = 'typed' AND column_name = $1";
    for (name, _, wanted) in kinds {
        assert_eq!(client.query_one(sql, &[&name]).await.unwrap().get::<_, String>(0), wanted, "{name}");
    }
}
