//! A group of one table, and servers to keep it on.

use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::Client;
use watershed_core::ports::{
    Checkpoint, GroupSpec, RowChange, RowGroup, RowKey, RowStore, RowsBatch, StoredRow,
};
use watershed_core::{Ask, ColumnKind, ColumnSpec, Key, Position, TableSpec, Tenant, Value};
use watershed_postgres::{Options, PostgresRows};
use watershed_testkit::postgres::Postgres;

pub(crate) fn column(name: &'static str, kind: ColumnKind) -> ColumnSpec {
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

pub(crate) fn key_column(name: &'static str) -> ColumnSpec {
    ColumnSpec { key: true, optional: false, ..column(name, ColumnKind::Text) }
}

pub(crate) fn group_of(name: &'static str, columns: Vec<ColumnSpec>) -> GroupSpec {
    let table = TableSpec { name: name.into(), columns: columns.into(), indexes: Vec::new().into() };
    GroupSpec { name: name.into(), edition: 1, version: "1".into(), tables: vec![table], journal: vec![0] }
}

/// Things with a number and a word.
pub(crate) fn things() -> GroupSpec {
    group_of(
        "things",
        vec![
            key_column("id"),
            column("number", ColumnKind::Int),
            ColumnSpec { searched: true, ..column("word", ColumnKind::Text) },
        ],
    )
}

pub(crate) fn options(server: &str) -> Options {
    let mut options = Options::new(server);
    options.patience = Duration::from_secs(5);
    options
}

pub(crate) async fn open(server: &Postgres) -> (PostgresRows, Arc<dyn RowGroup>) {
    let store = PostgresRows::open(options(&server.server())).await.unwrap();
    let group = store.open(things()).await.unwrap();
    (store, group)
}

/// A client that knows nothing of us.
pub(crate) async fn client(server: &Postgres) -> Client {
    let client = watershed_testkit::postgres::client(&server.server()).await;
    client.batch_execute("SET search_path TO watershed").await.unwrap();
    client
}

pub(crate) fn key(id: &str) -> RowKey {
    RowKey { tenant: Tenant::default(), key: Key::from(id) }
}

pub(crate) fn thing(id: &str, number: i64, word: Option<&str>) -> StoredRow {
    let word = word.map_or(Value::Null, |word| Value::Text(word.into()));
    StoredRow {
        key: key(id),
        values: vec![Value::Text(id.into()), Value::Int(number), word],
        position: 1,
        revision: 1,
        shown: true,
    }
}

pub(crate) fn at(position: Position) -> Checkpoint {
    Checkpoint { position, status: "running".into(), ..Checkpoint::default() }
}

pub(crate) fn puts(rows: Vec<StoredRow>, position: Position) -> RowsBatch {
    RowsBatch {
        changes: vec![(0, rows.into_iter().map(RowChange::Put).collect())],
        checkpoint: at(position),
        ..RowsBatch::default()
    }
}

/// Every page of the question, one behind the other.
pub(crate) async fn walk(group: &Arc<dyn RowGroup>, question: &Ask) -> Vec<StoredRow> {
    let (mut rows, mut question) = (Vec::new(), question.clone());
    loop {
        let found = group.ask(&Tenant::default(), &question).await.unwrap();
        rows.extend(found.rows);
        match found.next {
            Some(next) => question.after = Some(next),
            None => return rows,
        }
    }
}

pub(crate) fn ids(rows: &[StoredRow]) -> Vec<String> {
    rows.iter().map(|row| row.key.key.to_string()).collect()
}
