//! A table of ours in the log's file, written through a connection of its own: as durable as the log, and copied with it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::Connection;
use watershed_core::ports::RowError;

use crate::connection::{Durability, open_writer};
use crate::rows::{failure, of_log_file, open_failure};

/// How many pages the log's write-ahead log holds before a write copies them itself; the log has a thread for that.
const COPY_AT: u32 = 16_000;

/// The table, which is made when it is first needed.
pub(crate) struct TableBesideLog {
    log_file: PathBuf,
    create: &'static str,
    connection: Mutex<Option<Connection>>,
}

impl fmt::Debug for TableBesideLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableBesideLog({})", self.log_file.display())
    }
}

impl TableBesideLog {
    /// The table that `create` makes, in that file.
    pub(crate) fn new(log_file: PathBuf, create: &'static str) -> Self {
        Self { log_file, create, connection: Mutex::default() }
    }

    /// Does something with it. Blocks while the log commits.
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, RowError> {
        let explained = |error| of_log_file(error, &self.log_file);
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.is_none() {
            let opened = open_writer(&self.log_file, Durability::Full, COPY_AT).map_err(open_failure);
            let opened = opened.map_err(explained)?;
            opened.execute_batch(self.create).map_err(failure).map_err(explained)?;
            *connection = Some(opened);
        }
        match &mut *connection {
            Some(connection) => work(connection).map_err(failure).map_err(explained),
            // invariant: it has just been opened
            None => Err(RowError::Store("the table is not open".to_owned())),
        }
    }
}
