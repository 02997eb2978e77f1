//! A group's edition as this program knows it, and as it stands in the database.

use std::sync::Arc;

use tokio_postgres::Row;
use watershed_core::TableSpec;
use watershed_core::ports::{GroupSpec, RowError};

use super::failure::Failure;
use super::names::{lock, table};
use super::statements::{TableSql, layout};
use crate::connection::Connection;

pub(super) const FIND: &str = include_str!("sql/find.sql");

/// What a program wants of a group's edition. It does not change as long as the group is open.
#[derive(Debug)]
pub(crate) struct Edition {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) version: String,
    pub(crate) layout: i64,
    pub(crate) specs: Vec<TableSpec>,
    /// The places of the tables whose changes are written to a journal.
    pub(crate) journal: Vec<usize>,
}

/// Tables that one load has made.
#[derive(Debug)]
pub(crate) struct Made {
    /// The checkpoint's id.
    pub(crate) id: i64,
    /// The load's number: whoever finds another one in the checkpoint's row looks at tables of the past.
    pub(crate) load: i64,
    pub(crate) tables: Vec<TableSql>,
}

/// What stands in the database where an edition should be.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) id: i64,
    pub(crate) load: i64,
    pub(crate) tables: Vec<String>,
    is_mine: bool,
}

impl Edition {
    pub(crate) fn new(group: GroupSpec) -> Self {
        Self {
            layout: layout(&group.tables),
            name: group.name,
            number: group.edition,
            version: group.version,
            specs: group.tables,
            journal: group.journal,
        }
    }

    /// The place of the table of that name.
    pub(crate) fn place(&self, name: &str) -> Result<usize, RowError> {
        self.specs
            .iter()
            .position(|spec| spec.name == name)
            .ok_or_else(|| RowError::Store(format!("`{}` has no table `{name}`", self.name)))
    }

    /// What the database says of it.
    pub(crate) async fn find(&self, connection: &Connection) -> Result<Option<Found>, Failure> {
        let number = i64::from(self.number);
        let rows = connection.query(FIND, &[&self.name, &number]).await?;
        rows.first().map(|row| self.found(row)).transpose()
    }

    /// What is told once there is nothing where it should be. It is there when it is opened, so somebody has removed it since: it is
    /// not to be taken for an empty one.
    pub(crate) fn removed(&self) -> RowError {
        RowError::Store(format!(
            "edition {} of `{}` has been removed by another process. Start this one again, or the program that has come after it",
            self.number, self.name
        ))
    }

    /// A row that begins as that of `find.sql` does.
    pub(crate) fn found(&self, row: &Row) -> Result<Found, Failure> {
        let (version, layout): (&str, i64) = (row.try_get(3)?, row.try_get(4)?);
        Ok(Found {
            id: row.try_get(0)?,
            load: row.try_get(1)?,
            tables: row.try_get(2)?,
            is_mine: version == self.version && layout == self.layout,
        })
    }

    /// The tables that were found, where they are of this version: those that are known, where they are these.
    pub(crate) fn made_as(&self, found: &Found, known: Option<Arc<Made>>) -> Option<Arc<Made>> {
        if !found.is_mine || found.tables.len() != self.specs.len() {
            return None;
        }
        let known = known.filter(|known| (known.id, known.load) == (found.id, found.load));
        Some(known.unwrap_or_else(|| Arc::new(self.of_load(found.id, found.load, found.tables.clone()))))
    }

    /// The tables of that load, by their names.
    pub(crate) fn of_load(&self, id: i64, load: i64, tables: Vec<String>) -> Made {
        let specs = self.specs.iter().cloned();
        Made { id, load, tables: specs.zip(tables).map(|(spec, table)| TableSql::new(spec, table)).collect() }
    }

    /// The names of the tables that a load makes.
    pub(crate) fn names(&self, load: i64) -> Vec<String> {
        self.specs.iter().map(|spec| table(&self.name, &spec.name, self.number, load)).collect()
    }

    /// What the tables are of.
    pub(crate) fn views(&self) -> Vec<&str> {
        self.specs.iter().map(|spec| &*spec.name).collect()
    }
}

impl Made {
    pub(crate) fn at(&self, place: usize) -> Result<&TableSql, RowError> {
        self.tables.get(place).ok_or_else(|| RowError::Store(format!("the group has no table {place}")))
    }

    /// The tables' own names.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.tables.iter().map(|table| table.table.as_str()).collect()
    }
}

/// The number of the lock that whoever makes or removes an edition holds.
pub(crate) fn lock_of(schema: &str, group: &str, edition: u32) -> i64 {
    lock("watershed postgres 2026 edition", &[schema, group, &edition.to_string()])
}
