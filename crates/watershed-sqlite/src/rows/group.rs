//! One group of read models in its own file.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use watershed_core::ports::{
    Checkpoint, JournalEnd, JournalFrom, JournalPart, Later, Loader, ParkedKey, RowError, RowGroup,
    RowJournal, RowKey, RowMoment, RowMoments, RowReader, RowWriter, RowsBatch, RowsFound, StoredRow,
};
use watershed_core::{Ask, Predicate, Tenant, Timestamp};

use super::file::GroupFile;
use super::loader::SqliteLoader;
use super::moment::SqliteMoment;
use super::tables::{Standing, Tables};

/// A group's tables, checkpoint and parked keys.
///
/// Its answers are made on the caller's thread: a lookup takes microseconds, far less than handing it to another thread.
pub(crate) struct SqliteGroup {
    file: Arc<GroupFile>,
    tables: Arc<Tables>,
    /// Whether the tables were of another version when this was opened, so that a write puts new ones in their place.
    may_replace: AtomicBool,
}

impl SqliteGroup {
    /// Opens the group's tables in the file, and makes them where they are not there. Damage is told in SQLite's words.
    pub(crate) fn open(file: Arc<GroupFile>, tables: Arc<Tables>) -> Result<Self, RowError> {
        let standing = file.begin(|connection| tables.open(connection))?;
        Ok(Self { file, tables, may_replace: AtomicBool::new(standing == Standing::Other) })
    }

    /// The tables, for whoever writes them inside a transaction of their own.
    pub(crate) fn tables(&self) -> Arc<Tables> {
        self.tables.clone()
    }

    fn write_now(&self, batch: &RowsBatch) -> Result<(), RowError> {
        self.file.change(|connection| {
            if self.may_replace.load(Ordering::Relaxed) {
                self.tables.replace_others(connection)?;
            }
            self.tables.write(connection, batch)
        })?;
        self.may_replace.store(false, Ordering::Relaxed);
        Ok(())
    }
}

impl RowReader for SqliteGroup {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move { self.file.read(|connection| self.tables.ask(connection, tenant, ask)) })
    }

    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move { self.file.read(|connection| self.tables.rows(connection, table, keys)) })
    }

    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move {
            self.file.read(|connection| self.tables.scan(connection, table, filter, after, limit))
        })
    }
}

impl RowWriter for SqliteGroup {
    fn write<'a>(&'a self, batch: &'a RowsBatch) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move { self.write_now(batch) })
    }
}

impl RowMoments for SqliteGroup {
    fn moment(&self) -> Later<'_, Result<Box<dyn RowMoment>, RowError>> {
        Box::pin(async move {
            let moment = SqliteMoment::take(self.file.clone(), self.tables.clone())?;
            Ok(Box::new(moment) as Box<dyn RowMoment>)
        })
    }
}

impl RowJournal for SqliteGroup {
    fn read_journal(
        &self,
        from: JournalFrom,
        limit: usize,
    ) -> Later<'_, Result<Option<JournalPart>, RowError>> {
        Box::pin(
            async move { self.file.read(|connection| self.tables.read_journal(connection, from, limit)) },
        )
    }

    fn forget_changes(&self, before: Timestamp, most: u64) -> Later<'_, Result<u64, RowError>> {
        Box::pin(async move {
            self.file.change(|connection| self.tables.forget_changes(connection, before, most))
        })
    }

    fn take_over(&self, from: JournalEnd, at: Timestamp) -> Later<'_, Result<(), RowError>> {
        Box::pin(async move { self.file.change(|connection| self.tables.take_over(connection, from, at)) })
    }
}

impl RowGroup for SqliteGroup {
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>> {
        Box::pin(async move { self.file.read(|connection| self.tables.checkpoint(connection)) })
    }

    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>> {
        Box::pin(async move { self.file.read(|connection| self.tables.parked(connection)) })
    }

    fn loader(&self) -> Later<'_, Result<Box<dyn Loader>, RowError>> {
        Box::pin(async move {
            let loader = SqliteLoader::start(self.file.clone(), self.tables.clone())?;
            Ok(Box::new(loader) as Box<dyn Loader>)
        })
    }
}
