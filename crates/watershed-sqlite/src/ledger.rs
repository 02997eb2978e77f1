//! What operators have decided, in the log's file: as durable as the log, and copied with it.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension};
use watershed_core::Timestamp;
use watershed_core::ports::{Clock, Later, Ledger, RowError, SystemClock};

use crate::connection::{Durability, open_writer};
use crate::rows::{failure, of_log_file, open_failure};

/// How many pages the log's write-ahead log holds before a write copies them itself; the log has a thread for that.
const COPY_AT: u32 = 16_000;

/// The ledger in a data folder's log file.
pub struct SqliteLedger {
    log_file: PathBuf,
    /// Opened when it is first needed.
    connection: Mutex<Option<Connection>>,
}

impl fmt::Debug for SqliteLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteLedger({})", self.log_file.display())
    }
}

impl SqliteLedger {
    pub(crate) fn new(log_file: PathBuf) -> Self {
        Self { log_file, connection: Mutex::default() }
    }

    fn with<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, RowError> {
        let explained = |error| of_log_file(error, &self.log_file);
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.is_none() {
            let opened = open_writer(&self.log_file, Durability::Full, COPY_AT).map_err(open_failure);
            let opened = opened.map_err(explained)?;
            opened
                .execute_batch(include_str!("sql/create_ledger.sql"))
                .map_err(failure)
                .map_err(explained)?;
            *connection = Some(opened);
        }
        match &*connection {
            Some(connection) => work(connection).map_err(failure).map_err(explained),
            // invariant: it has just been opened
            None => Err(RowError::Store("the ledger is not open".to_owned())),
        }
    }
}

fn now() -> i64 {
    let now: Timestamp = SystemClock.now();
    now.as_micros()
}

impl Ledger for SqliteLedger {
    fn read<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        Box::pin(async move {
            self.with(|connection| {
                let mut get = connection.prepare_cached(include_str!("sql/ledger_get.sql"))?;
                get.query_row([name], |row| row.get(0)).optional()
            })
        })
    }

    fn write<'a>(&'a self, name: &'a str, document: &'a str) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            self.with(|connection| {
                let mut put = connection.prepare_cached(include_str!("sql/ledger_put.sql"))?;
                put.execute((name, document, now())).map(drop)
            })
        })
    }
}
