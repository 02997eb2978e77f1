//! Tables to test with, and answers without a runtime: the store's futures are ready when they are first asked.

use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use watershed_core::ports::{
    Checkpoint, GroupSpec, RowChange, RowGroup, RowKey, RowStore, RowsBatch, StoredRow,
};
use watershed_core::{Ask, ColumnKind, ColumnSpec, Direction, IndexSpec, Key, TableSpec, Tenant, Value};
use watershed_sqlite::SqliteRows;

pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the store made its caller wait"),
    }
}

pub(crate) fn tenant(name: &str) -> Tenant {
    Tenant::new(name).unwrap()
}

pub(crate) fn key(tenant_name: &str, key: &str) -> RowKey {
    RowKey { tenant: tenant(tenant_name), key: Key::from(key) }
}

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

/// A table with a column of each kind.
pub(crate) fn things() -> TableSpec {
    TableSpec {
        name: "things".into(),
        columns: Cow::Owned(vec![
            ColumnSpec { key: true, optional: false, ..column("id", ColumnKind::Text) },
            column("flag", ColumnKind::Bool),
            column("count", ColumnKind::Int),
            column("ratio", ColumnKind::Real),
            column("amount", ColumnKind::Decimal),
            ColumnSpec { searched: true, ..column("name", ColumnKind::Text) },
            column("seen", ColumnKind::Timestamp),
            ColumnSpec { indexed: false, ..column("data", ColumnKind::Json) },
            ColumnSpec { internal: true, searched: true, ..column("secret", ColumnKind::Text) },
        ]),
        indexes: Cow::Owned(vec![IndexSpec {
            columns: Cow::Owned(vec![("amount", Direction::Descending), ("name", Direction::Ascending)]),
        }]),
    }
}

/// A table whose key is made of two columns, one of them a number.
pub(crate) fn pairs() -> TableSpec {
    TableSpec {
        name: "pairs".into(),
        columns: Cow::Owned(vec![
            ColumnSpec { key: true, ..column("family", ColumnKind::Text) },
            ColumnSpec { key: true, ..column("number", ColumnKind::Int) },
        ]),
        indexes: Cow::Borrowed(&[]),
    }
}

pub(crate) fn group(version: &str) -> GroupSpec {
    GroupSpec {
        name: "things".into(),
        edition: 1,
        version: version.into(),
        tables: vec![things(), pairs()],
        journal: Vec::new(),
    }
}

/// A store in a folder of its own, and its only group.
pub(crate) struct Fixture {
    pub(crate) group: Arc<dyn RowGroup>,
    pub(crate) store: SqliteRows,
    pub(crate) folder: tempfile::TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteRows::open(folder.path()).unwrap();
        let group = now(store.open(group("1"))).unwrap();
        Self { group, store, folder }
    }

    /// Closes everything and opens it again.
    pub(crate) fn reopened(self, version: &str) -> Self {
        let Self { group: old, store, folder } = self;
        drop((old, store));
        let store = SqliteRows::open(folder.path()).unwrap();
        let group = now(store.open(group(version))).unwrap();
        Self { group, store, folder }
    }

    /// The group's file, as any other program would open it that knows decimals.
    pub(crate) fn plain(&self) -> rusqlite::Connection {
        let plain = rusqlite::Connection::open(self.folder.path().join("views/things.1.db")).unwrap();
        let number = |text: &str| text.parse::<watershed_core::Decimal>().unwrap();
        plain.create_collation("decimal", move |left, right| number(left).cmp(&number(right))).unwrap();
        plain
    }

    /// What SQLite itself finds wrong with the file.
    pub(crate) fn damage(&self) -> String {
        self.plain().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap()
    }

    /// The names of all tables in the file.
    pub(crate) fn tables(&self) -> Vec<String> {
        let plain = self.plain();
        let mut list =
            plain.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").unwrap();
        list.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    pub(crate) fn ids(&self, ask: &Ask) -> Vec<String> {
        now(self.group.ask(&tenant("acme"), ask))
            .unwrap()
            .rows
            .iter()
            .map(|row| row.key.key.as_str().to_owned())
            .collect()
    }
}

/// A row of `things`; what is not given is empty.
pub(crate) fn thing(id: &str, values: &[(usize, Value)]) -> StoredRow {
    let mut row = StoredRow {
        key: key("acme", id),
        values: vec![Value::Null; 9],
        position: 1,
        revision: 0,
        shown: true,
    };
    row.values[0] = Value::Text(id.into());
    for (place, value) in values {
        row.values[*place] = value.clone();
    }
    row
}

pub(crate) fn at(position: u64) -> Checkpoint {
    Checkpoint { position, status: "running".into(), ..Checkpoint::default() }
}

/// A batch that puts these rows into `things`.
pub(crate) fn puts(rows: Vec<StoredRow>, position: u64) -> RowsBatch {
    RowsBatch {
        changes: vec![(0, rows.into_iter().map(RowChange::Put).collect())],
        checkpoint: at(position),
        ..RowsBatch::default()
    }
}

pub(crate) fn by_key(id: &str) -> Ask {
    Ask { key: Some(Key::from(id)), ..Ask::rows("things") }
}
