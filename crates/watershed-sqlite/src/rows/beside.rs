//! Rows in the log's own file: inline rows, which commit with the events, and views over them.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rusqlite::Connection;
use watershed_core::ports::{
    GroupSpec, Later, RowError, RowGroup, RowKey, RowReader, RowsBatch, RowsBesideLog, RowsFound, StoredRow,
};
use watershed_core::{Ask, Predicate, TableSpec, Tenant};

use super::failure::of_log_file;
use super::file::{GroupFile, held};
use super::group::SqliteGroup;
use super::tables::Tables;
use super::view::SqlView;
use crate::log::InlineRows;

/// The rows in the log's file.
///
/// Before the log folds a group itself, the group is written like any other, through a connection of its own. From then on
/// the log's writer writes them itself, with the same statements on its own connection.
pub struct SqliteRowsBesideLog {
    log_file: PathBuf,
    /// Opened when it is first needed: most logs have no rows beside them.
    file: Mutex<Option<Arc<GroupFile>>>,
    groups: RwLock<HashMap<String, Arc<Tables>>>,
}

impl fmt::Debug for SqliteRowsBesideLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteRowsBesideLog({})", self.log_file.display())
    }
}

impl SqliteRowsBesideLog {
    pub(crate) fn new(log_file: PathBuf) -> Self {
        Self { log_file, file: Mutex::default(), groups: RwLock::default() }
    }

    fn file(&self) -> Result<Arc<GroupFile>, RowError> {
        let mut file = held(&self.file);
        if let Some(open) = &*file {
            return Ok(open.clone());
        }
        let opened = Arc::new(GroupFile::beside_log(&self.log_file)?);
        *file = Some(opened.clone());
        Ok(opened)
    }

    fn open_group(&self, spec: GroupSpec) -> Result<Arc<dyn RowGroup>, RowError> {
        let name = spec.name.clone();
        let file = self.file()?;
        let group = SqliteGroup::open(file.clone(), Arc::new(Tables::new(spec)))
            .map_err(|error| file.explained(error))?;
        self.groups.write().unwrap_or_else(PoisonError::into_inner).insert(name, group.tables());
        Ok(Arc::new(group))
    }

    fn open_view(&self, table: TableSpec, sql: &str) -> Result<Arc<dyn RowReader>, RowError> {
        let (file, view) = (self.file()?, SqlView::new(table, sql));
        file.read(|connection| view.check(connection))?;
        Ok(Arc::new(ViewReader { file, view }))
    }

    fn group(&self, model: &str) -> Result<Arc<Tables>, RowError> {
        let groups = self.groups.read().unwrap_or_else(PoisonError::into_inner);
        groups.get(model).cloned().ok_or_else(|| {
            RowError::Store(format!("`{model}` has no tables beside the log: they have not been opened"))
        })
    }
}

impl RowsBesideLog for SqliteRowsBesideLog {
    fn open_inline(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move { self.open_group(group) })
    }

    fn open_sql_view(
        &self,
        table: TableSpec,
        sql: &'static str,
    ) -> Later<'_, Result<Arc<dyn RowReader>, RowError>> {
        Box::pin(async move { self.open_view(table, sql) })
    }
}

impl InlineRows for SqliteRowsBesideLog {
    fn row(
        &self,
        transaction: &Connection,
        model: &str,
        table: usize,
        key: &RowKey,
    ) -> Result<Option<StoredRow>, RowError> {
        let row = self.group(model)?.row(transaction, table, key);
        row.map_err(|error| of_log_file(error, &self.log_file))
    }

    fn apply(&self, transaction: &Connection, model: &str, batch: &RowsBatch) -> Result<(), RowError> {
        let written = self.group(model)?.write(transaction, batch);
        written.map_err(|error| of_log_file(error, &self.log_file))
    }
}

/// Reads a view.
struct ViewReader {
    file: Arc<GroupFile>,
    view: SqlView,
}

impl RowReader for ViewReader {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move { self.file.read(|connection| self.view.ask(connection, tenant, ask)) })
    }

    fn rows<'a>(&'a self, _: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move { self.file.read(|connection| self.view.rows(connection, keys)) })
    }

    fn scan<'a>(
        &'a self,
        _: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move { self.file.read(|connection| self.view.scan(connection, filter, after, limit)) })
    }
}
