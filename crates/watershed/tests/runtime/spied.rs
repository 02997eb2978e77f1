//! Stores whose tables a test can look into: hidden columns and tables that no reader sees included.

use std::sync::{Arc, Mutex, Weak};

use watershed::core::ports::{
    GroupSpec, Later, ParkedKey, RowEditions, RowError, RowGroup, RowMoment, RowReader, RowSnapshots,
    RowStore, RowsBesideLog, StoredRow,
};
use watershed::core::{Predicate, TableSpec};
use watershed::prelude::Stores;

/// The groups that have been opened, and are open still: an edition that is removed must not be held.
#[derive(Clone, Default)]
pub(crate) struct Spied(Arc<Mutex<Vec<Opened>>>);

struct Opened {
    tables: Vec<String>,
    edition: u32,
    group: Weak<dyn RowGroup>,
}

impl Spied {
    /// The same stores, which are looked at from now on.
    pub(crate) fn on(&self, stores: Stores) -> Stores {
        Stores {
            rows: Arc::new(SpiedRows { rows: stores.rows, spied: self.clone() }),
            beside_log: stores
                .beside_log
                .map(|rows| Arc::new(SpiedBeside { rows, spied: self.clone() }) as Arc<dyn RowsBesideLog>),
            log: stores.log,
            ledger: stores.ledger,
            triage: stores.triage,
            tables: stores.tables,
        }
    }

    fn note(&self, spec: &GroupSpec, group: &Arc<dyn RowGroup>) {
        let tables = spec.tables.iter().map(|table| table.name.to_string()).collect();
        let edition = spec.edition;
        self.0.lock().unwrap().push(Opened { tables, edition, group: Arc::downgrade(group) });
    }

    /// All rows of a table, hidden ones too, in the order of their keys.
    pub(crate) async fn rows(&self, table: &str) -> Vec<StoredRow> {
        let (place, group) = {
            let opened = self.0.lock().unwrap();
            let place = |opened: &Opened| opened.tables.iter().position(|name| name == table);
            let found =
                opened.iter().rev().find_map(|opened| Some((place(opened)?, opened.group.upgrade()?)));
            found.unwrap_or_else(|| panic!("no table `{table}` has been opened"))
        };
        group.scan(place, &Predicate::All, None, usize::MAX >> 1).await.unwrap()
    }

    /// The group with that table as it stands now, in that edition.
    pub(crate) async fn moment(&self, table: &str, edition: u32) -> Moment {
        let (tables, group) = {
            let opened = self.0.lock().unwrap();
            let is_it = |opened: &&Opened| {
                opened.edition == edition && opened.tables.iter().any(|name| name == table)
            };
            let found = opened.iter().rev().filter(is_it);
            let found =
                found.filter_map(|opened| Some((opened.tables.clone(), opened.group.upgrade()?))).next();
            found.unwrap_or_else(|| panic!("no table `{table}` has been opened in edition {edition}"))
        };
        Moment { tables, moment: group.moment().await.unwrap() }
    }

    /// What stands in a table's columns, byte for byte.
    pub(crate) async fn contents(&self, table: &str) -> Vec<String> {
        let rows = self.rows(table).await;
        rows.iter().map(|row| format!("{:?} {} {:?}", row.key, row.shown, row.values)).collect()
    }
}

/// A group as it stood at one moment.
pub(crate) struct Moment {
    tables: Vec<String>,
    moment: Box<dyn RowMoment>,
}

impl Moment {
    fn place(&self, table: &str) -> usize {
        self.tables.iter().position(|name| name == table).unwrap()
    }

    /// All rows of a table, hidden ones too, in the order of their keys.
    pub(crate) async fn rows(&self, table: &str) -> Vec<StoredRow> {
        self.moment.scan(self.place(table), &Predicate::All, None, usize::MAX >> 1).await.unwrap()
    }

    /// The parked keys of a table.
    pub(crate) async fn parked(&self, table: &str) -> Vec<ParkedKey> {
        let mut parked = self.moment.parked().await.unwrap();
        parked.retain(|parked| parked.table == self.place(table));
        parked
    }
}

struct SpiedRows {
    rows: Arc<dyn RowEditions>,
    spied: Spied,
}

impl RowStore for SpiedRows {
    fn open(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move {
            let opened = self.rows.open(group.clone()).await?;
            self.spied.note(&group, &opened);
            Ok(opened)
        })
    }
}

impl RowEditions for SpiedRows {
    fn publish<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        self.rows.publish(group, edition)
    }

    fn remove<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        self.rows.remove(group, edition)
    }
}

impl RowSnapshots for SpiedRows {
    fn save<'a>(
        &'a self,
        group: &'a str,
        edition: u32,
        name: &'a str,
        note: &'a str,
    ) -> Later<'a, Result<(), RowError>> {
        self.rows.save(group, edition, name, note)
    }

    fn note<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        self.rows.note(name)
    }

    fn restore<'a>(&'a self, name: &'a str, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        self.rows.restore(name, group, edition)
    }
}

struct SpiedBeside {
    rows: Arc<dyn RowsBesideLog>,
    spied: Spied,
}

impl RowsBesideLog for SpiedBeside {
    fn open_inline(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move {
            let opened = self.rows.open_inline(group.clone()).await?;
            self.spied.note(&group, &opened);
            Ok(opened)
        })
    }

    fn open_sql_view(
        &self,
        table: TableSpec,
        sql: &'static str,
    ) -> Later<'_, Result<Arc<dyn RowReader>, RowError>> {
        self.rows.open_sql_view(table, sql)
    }
}
