//! State in tables of the user's own, in the log's file: read through connections of its own, written by the log's writer.

mod affinity;
mod check;
mod make;
mod names;
mod read;
mod save;
mod value;

pub(crate) use save::{save, version_of};

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use watershed_core::Tenant;
use watershed_core::ports::{
    Later, LoadedRows, RowError, SchemaStep, StateError, StateSchema, StateTables, WhoseRow,
};
use watershed_core::write::TablesSpec;

use crate::beside_log::TableBesideLog;
use crate::connection::open_reader;

/// So many idle connections are kept.
const KEPT: usize = 4;

/// The tables of state, in the log's file.
pub struct SqliteTables {
    log_file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    /// For what makes tables. The log's writer writes rows.
    schema: TableBesideLog,
}

impl fmt::Debug for SqliteTables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteTables({})", self.log_file.display())
    }
}

impl SqliteTables {
    pub(crate) fn new(log_file: PathBuf) -> Self {
        let schema = TableBesideLog::new(log_file.clone(), include_str!("sql/create_steps.sql"));
        Self { log_file, idle: Mutex::default(), schema }
    }

    /// Has `read` look at the file as of one moment.
    fn read<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StateError>) -> Result<T, StateError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().pop();
        let connection = match kept {
            Some(connection) => connection,
            None => open_reader(&self.log_file).map_err(|error| StateError::Store(error.to_string()))?,
        };
        connection.execute_batch("BEGIN").map_err(|error| failed(&error))?;
        let answer = read(&connection);
        // One that cannot end its transaction is not kept: it would go on seeing this moment.
        connection.execute_batch("COMMIT").map_err(|error| failed(&error))?;
        let mut idle = idle();
        if idle.len() < KEPT {
            idle.push(connection);
        }
        answer
    }
}

impl StateSchema for SqliteTables {
    fn make<'a>(&'a self, owner: &'a str, steps: &'a [SchemaStep]) -> Later<'a, Result<(), StateError>> {
        Box::pin(async move {
            for step in make::in_order(steps)? {
                let made = self.schema.with(|connection| make::make(connection, owner, step));
                made.map_err(explained)??;
            }
            Ok(())
        })
    }

    fn check<'a>(&'a self, tables: &'a TablesSpec) -> Later<'a, Result<(), StateError>> {
        Box::pin(async move { self.read(|connection| check::check(connection, tables)) })
    }
}

impl StateTables for SqliteTables {
    fn load<'a>(
        &'a self,
        tables: &'a TablesSpec,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Later<'a, Result<Option<LoadedRows>, StateError>> {
        Box::pin(async move { self.read(|connection| read::load(connection, tables, tenant, id)) })
    }

    fn ids<'a>(
        &'a self,
        tables: &'a TablesSpec,
        after: Option<(&'a Tenant, &'a str)>,
        limit: usize,
    ) -> Later<'a, Result<Vec<WhoseRow>, StateError>> {
        Box::pin(async move { self.read(|connection| read::ids(connection, tables, after, limit)) })
    }
}

fn failed(error: &rusqlite::Error) -> StateError {
    StateError::Store(error.to_string())
}

#[expect(clippy::needless_pass_by_value, reason = "what map_err calls")]
fn explained(error: RowError) -> StateError {
    StateError::Store(error.to_string())
}
