//! A group's tables on a connection: the same for a group's own file and for inline rows in the log's file.

mod ask;
mod checkpoint;
mod journal;
mod make;
mod page;
mod parked;
mod read;
mod scan;
mod write;

pub(crate) use make::{Standing, drop_table, prepare_file};
pub(crate) use page::page;
pub(crate) use read::{Snapshot, instant, unsigned, values};
pub(crate) use scan::scan;
pub(crate) use write::insert;

use rusqlite::Connection;
use watershed_core::TableSpec;
use watershed_core::ports::{GroupSpec, RowError};

use super::failure::failure;
use super::statements::{TableSql, create_indexes, create_table};

/// A group's tables, and the statements that read and write them.
#[derive(Debug)]
pub(crate) struct Tables {
    name: String,
    version: String,
    layout: i64,
    tables: Vec<TableSql>,
    /// The places of those whose changes are written to a journal.
    journal: Vec<usize>,
}

impl Tables {
    pub(crate) fn new(group: GroupSpec) -> Self {
        Self {
            layout: layout(&group.tables),
            name: group.name,
            version: group.version,
            tables: group.tables.into_iter().map(TableSql::new).collect(),
            journal: group.journal,
        }
    }

    /// The statements of each table, in the group's order.
    pub(crate) fn all(&self) -> &[TableSql] {
        &self.tables
    }

    fn at(&self, place: usize) -> Result<&TableSql, RowError> {
        self.tables.get(place).ok_or_else(|| RowError::Store(format!("`{}` has no table {place}", self.name)))
    }

    fn named(&self, name: &str) -> Result<&TableSql, RowError> {
        self.tables
            .iter()
            .find(|table| table.spec.name == name)
            .ok_or_else(|| RowError::Store(format!("`{}` has no table `{name}`", self.name)))
    }

    /// What the statements over checkpoints are bound to first.
    fn edition(&self) -> (&str, &str, i64) {
        (&self.name, &self.version, self.layout)
    }
}

/// A hash of the tables' definitions: where it changes, the tables are made again, also when somebody forgot to raise a
/// version.
fn layout(tables: &[TableSpec]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    for spec in tables {
        hasher.update(create_table(spec, &spec.name).as_bytes());
        for index in create_indexes(spec, &spec.name) {
            hasher.update(index.as_bytes());
        }
    }
    let mut layout = [0; 8];
    hasher.finalize_xof().fill(&mut layout);
    i64::from_be_bytes(layout)
}

/// Runs a statement that is used again and again.
fn execute(connection: &Connection, sql: &str, parameters: impl rusqlite::Params) -> Result<usize, RowError> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute(parameters)).map_err(failure)
}
