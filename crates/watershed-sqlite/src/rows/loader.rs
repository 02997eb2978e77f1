//! Loads new tables in bulk, beside the ones that are read.

use std::sync::Arc;

use rusqlite::Connection;
use watershed_core::ports::{Checkpoint, Later, Loader, ParkedKey, RowError, StoredRow};

use super::failure::failure;
use super::file::GroupFile;
use super::statements::{TableSql, create_indexes, create_table, insert_into, quoted};
use super::tables::{Tables, drop_table, insert};

const LOADING_ADD: &str = include_str!("sql/loading_add.sql");
const LOADING_REMOVE: &str = include_str!("sql/loading_remove.sql");

/// Fills tables under names of their own, until they take the places of the old ones.
pub(crate) struct SqliteLoader {
    file: Arc<GroupFile>,
    tables: Arc<Tables>,
    load: u64,
    /// The new tables, in the group's order.
    new: Vec<NewTable>,
}

struct NewTable {
    name: String,
    insert: String,
}

impl SqliteLoader {
    pub(crate) fn start(file: Arc<GroupFile>, tables: Arc<Tables>) -> Result<Self, RowError> {
        let leftovers = file.take_leftovers();
        let (load, new) = file.change(|connection| {
            for name in &leftovers {
                drop_table(connection, name)?;
                note(connection, LOADING_REMOVE, name)?;
            }
            let generation = tables.made(connection)?.unwrap_or_default().generation;
            let load = file.next_load(generation);
            let new: Result<Vec<_>, _> =
                tables.all().iter().map(|table| NewTable::make(connection, table, load)).collect();
            Ok((load, new?))
        })?;
        Ok(Self { file, tables, load, new })
    }

    fn add_now(&mut self, place: usize, rows: &[StoredRow]) -> Result<(), RowError> {
        let (Some(table), Some(new)) = (self.tables.all().get(place), self.new.get(place)) else {
            return Err(RowError::Store(format!("the group has no table {place}")));
        };
        self.file.change(|connection| {
            let mut statement = connection.prepare_cached(&new.insert).map_err(failure)?;
            rows.iter().try_for_each(|row| insert(&mut statement, table, row))
        })
    }

    fn finish_now(mut self, parked: &[ParkedKey], checkpoint: &Checkpoint) -> Result<(), RowError> {
        self.file.sorting(|| self.make_indexes())?;
        self.file.change(|connection| self.put_in_place(connection, parked, checkpoint))?;
        self.new.clear();
        Ok(())
    }

    /// Makes each index in a transaction of its own: no reader sees the tables yet, and others may write in between.
    fn make_indexes(&self) -> Result<(), RowError> {
        for (table, new) in self.tables.all().iter().zip(&self.new) {
            for index in create_indexes(&table.spec, &new.name) {
                self.file.change(|connection| connection.execute_batch(&index).map_err(failure))?;
            }
        }
        Ok(())
    }

    fn put_in_place(
        &self,
        connection: &Connection,
        parked: &[ParkedKey],
        checkpoint: &Checkpoint,
    ) -> Result<(), RowError> {
        let made = self.tables.made(connection)?.unwrap_or_default();
        self.tables.drop_made(connection, &made)?;
        for (table, new) in self.tables.all().iter().zip(&self.new) {
            connection
                .execute_batch(&format!(
                    "ALTER TABLE {} RENAME TO {}",
                    quoted(&new.name),
                    quoted(&table.spec.name)
                ))
                .map_err(failure)?;
            note(connection, LOADING_REMOVE, &new.name)?;
        }
        self.tables.say_made(connection, self.load)?;
        self.tables.set_checkpoint(connection, checkpoint)?;
        self.tables.everything_changed(connection, checkpoint.updated_at)?;
        parked.iter().try_for_each(|parked| self.tables.park(connection, parked))
    }
}

impl NewTable {
    fn make(connection: &Connection, table: &TableSql, load: u64) -> Result<Self, RowError> {
        let name = format!("{}__load_{load}", table.spec.name);
        note(connection, LOADING_ADD, &name)?;
        connection.execute_batch(&create_table(&table.spec, &name)).map_err(failure)?;
        Ok(Self { insert: insert_into(&table.spec, &name), name })
    }
}

fn note(connection: &Connection, sql: &str, name: &str) -> Result<(), RowError> {
    connection.execute(sql, [name]).map(drop).map_err(failure)
}

impl Drop for SqliteLoader {
    /// What is not finished is dropped by the next loader, or when the file is opened again.
    fn drop(&mut self) {
        self.file.leave(self.new.drain(..).map(|new| new.name).collect());
    }
}

impl Loader for SqliteLoader {
    fn add<'a>(&'a mut self, table: usize, mut rows: Vec<StoredRow>) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            // Runs in the order of the keys halve the work of making the indexes.
            rows.sort_unstable_by(|left, right| left.key.cmp(&right.key));
            self.add_now(table, &rows)
        })
    }

    fn finish(
        self: Box<Self>,
        parked: Vec<ParkedKey>,
        checkpoint: Checkpoint,
    ) -> Later<'static, Result<(), RowError>> {
        Box::pin(async move { self.finish_now(&parked, &checkpoint) })
    }
}
