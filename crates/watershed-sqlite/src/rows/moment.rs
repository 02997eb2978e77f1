//! A group's rows as of one moment: a read transaction that is held.

use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use watershed_core::ports::{
    Checkpoint, Later, ParkedKey, RowError, RowKey, RowMoment, RowReader, RowsFound, StoredRow,
};
use watershed_core::{Ask, Predicate, Tenant};

use super::failure::failure;
use super::file::{GroupFile, held, run};
use super::tables::Tables;

/// Holds a read transaction open. As long as it does, the write-ahead log of the file cannot begin again at its start.
pub(crate) struct SqliteMoment {
    file: Arc<GroupFile>,
    tables: Arc<Tables>,
    /// Always there until this is dropped.
    connection: Mutex<Option<Connection>>,
}

impl SqliteMoment {
    /// The group as it stands now.
    pub(crate) fn take(file: Arc<GroupFile>, tables: Arc<Tables>) -> Result<Self, RowError> {
        let connection = file.lend()?;
        run(&connection, "BEGIN").map_err(failure)?;
        // SQLite fixes the moment with the first read, not with BEGIN.
        tables.checkpoint(&connection).map_err(|error| file.explained(error))?;
        Ok(Self { file, tables, connection: Mutex::new(Some(connection)) })
    }

    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, RowError>) -> Result<T, RowError> {
        match &*held(&self.connection) {
            Some(connection) => read(connection).map_err(|error| self.file.explained(error)),
            // invariant: the connection is taken out by `drop` alone
            None => Err(RowError::Store("the moment has passed".to_owned())),
        }
    }
}

impl Drop for SqliteMoment {
    fn drop(&mut self) {
        if let Some(connection) = held(&self.connection).take() {
            // Nothing was written. A connection that stays inside the transaction is not taken back.
            let _ = run(&connection, "COMMIT");
            self.file.take_back(connection);
        }
    }
}

impl RowReader for SqliteMoment {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move { self.read(|connection| self.tables.ask(connection, tenant, ask)) })
    }

    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move { self.read(|connection| self.tables.rows(connection, table, keys)) })
    }

    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(
            async move { self.read(|connection| self.tables.scan(connection, table, filter, after, limit)) },
        )
    }
}

impl RowMoment for SqliteMoment {
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>> {
        Box::pin(async move { self.read(|connection| self.tables.checkpoint(connection)) })
    }

    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>> {
        Box::pin(async move { self.read(|connection| self.tables.parked(connection)) })
    }
}
