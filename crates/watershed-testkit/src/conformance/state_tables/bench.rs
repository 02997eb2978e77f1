use std::sync::Arc;

use watershed_core::ports::{
    Append, AppendError, Appended, EventLog, LoadedRows, RootWrite, Save, SchemaStep, StateTables,
};
use watershed_core::write::{StateColumn, StateRows, StateTable, TablesSpec, difference};
use watershed_core::{ColumnKind, Tenant, Timestamp, Value, Version};

use super::{Ground, StateFixture, StateStores};
use crate::conformance::event_log::Draft;
use crate::conformance::promise::{Checked, Problem};

/// The tables of these checks.
pub(super) const TABLES: SchemaStep = SchemaStep {
    number: 1,
    sqlite: include_str!("sql/sqlite.sql"),
    postgres: include_str!("sql/postgres.sql"),
};

/// Storage, fresh for each check.
pub(super) struct Bench(Arc<dyn Ground>);

impl Bench {
    pub(super) fn on(fixture: impl StateFixture) -> Self {
        Self(Arc::new(fixture))
    }

    pub(super) async fn stores(&self) -> StateStores {
        self.0.open().await
    }

    /// The stores, with the tables made.
    pub(super) async fn open(&self) -> Checked<Open> {
        let StateStores { log, tables } = self.0.open().await;
        tables.make("checks", &[TABLES]).await?;
        Ok(Open { log, tables, things: Arc::new(things()) })
    }

    pub(super) async fn outside(&self, sql: &str) -> Checked {
        self.0.outside(sql).await.map_err(Problem)
    }
}

/// What is mapped of `the things`.
pub(super) fn things() -> TablesSpec {
    let column = |name, kind, optional| StateColumn { name, kind, optional };
    let parts = StateTable {
        name: "parts",
        tenant: Some("tenant"),
        id: "thing_id",
        key: Vec::new(),
        columns: vec![
            column("name", ColumnKind::Text, false),
            column("size", ColumnKind::Int, false),
            column("pieces", ColumnKind::Int, false),
        ],
    };
    TablesSpec {
        root: StateTable {
            name: "the things",
            tenant: Some("tenant"),
            id: "thing_id",
            key: Vec::new(),
            columns: vec![
                column("sku", ColumnKind::Text, false),
                column("shelf_id", ColumnKind::Text, true),
                column("count", ColumnKind::Int, false),
                column("price", ColumnKind::Decimal, true),
                column("weight", ColumnKind::Real, true),
                column("sold", ColumnKind::Bool, true),
                column("made_at", ColumnKind::Timestamp, true),
                column("seen_at", ColumnKind::Timestamp, true),
                column("data", ColumnKind::Json, true),
            ],
        },
        version: "version",
        children: vec![parts.keyed_by(&["name", "size"])],
    }
}

/// The place of a column of the root.
pub(super) const SHELF: usize = 1;
pub(super) const COUNT: usize = 2;

/// A thing with so many pieces of each of these parts.
pub(super) fn thing(sku: &str, count: i64, parts: &[(&str, i64, i64)]) -> StateRows {
    let part = |(name, size, pieces): &(&str, i64, i64)| {
        vec![Value::Text((*name).into()), Value::Int(*size), Value::Int(*pieces)]
    };
    let mut root = vec![Value::Null; 9];
    root[0] = Value::Text(sku.into());
    root[COUNT] = Value::Int(count);
    StateRows { kept: true, root, children: vec![parts.iter().map(part).collect()] }
}

/// Stores that are open, with the tables made.
#[derive(Clone)]
pub(super) struct Open {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) tables: Arc<dyn StateTables>,
    pub(super) things: Arc<TablesSpec>,
}

pub(super) type Answer = Result<Appended, AppendError>;

impl Open {
    /// What makes `after` of `before`, where the row is at that version.
    pub(super) fn save(
        &self,
        expected: Option<u64>,
        before: Option<&StateRows>,
        after: &StateRows,
    ) -> Checked<Save> {
        let changes = difference(&self.things, before, after).map_err(Problem::new)?;
        Ok(Save { tables: self.things.clone(), expected, root: changes.0, children: changes.1 })
    }

    /// An append of one event with that save.
    pub(super) fn append(&self, id: &str, version: Version, save: Save) -> Append {
        let draft = Draft::on(id).expecting(version).event("happened");
        draft.with(|append| append.save = Some(save)).into()
    }

    /// Makes the thing with its first event.
    pub(super) async fn make(&self, id: &str, rows: &StateRows) -> Checked {
        let save = self.save(None, None, rows)?;
        self.log.append(self.append(id, 0, save)).await?;
        Ok(())
    }

    /// An append without events that looks at the row's version.
    pub(super) async fn confirm(&self, id: &str, expected: Option<u64>) -> Answer {
        let tables = self.things.clone();
        let save = Save { tables, expected, root: RootWrite::Keep, children: Vec::new() };
        self.log.append(Draft::on(id).with(|append| append.save = Some(save)).into()).await
    }

    pub(super) async fn load(&self, id: &str) -> Checked<Option<LoadedRows>> {
        Ok(self.tables.load(&self.things, &Tenant::default(), id).await?)
    }

    /// The rows, which must be there, and at that version.
    pub(super) async fn rows(&self, id: &str, version: u64) -> Checked<StateRows> {
        match self.load(id).await? {
            Some(loaded) if loaded.version == version => Ok(loaded.rows),
            other => Err(Problem(format!("`{id}` should be at version {version}: {other:?}"))),
        }
    }
}

/// An instant with microseconds.
pub(super) const INSTANT: Timestamp = Timestamp::from_micros(1_714_885_505_123_456);
