//! What operators have decided, in the log's file.

use std::path::PathBuf;

use rusqlite::OptionalExtension;
use watershed_core::Timestamp;
use watershed_core::ports::{Clock, Later, Ledger, RowError, SystemClock};

use crate::beside_log::TableBesideLog;

/// The ledger in a data folder's log file.
#[derive(Debug)]
pub struct SqliteLedger(TableBesideLog);

impl SqliteLedger {
    pub(crate) fn new(log_file: PathBuf) -> Self {
        Self(TableBesideLog::new(log_file, include_str!("sql/create_ledger.sql")))
    }
}

fn now() -> i64 {
    let now: Timestamp = SystemClock.now();
    now.as_micros()
}

impl Ledger for SqliteLedger {
    fn read<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        Box::pin(async move {
            self.0.with(|connection| {
                let mut get = connection.prepare_cached(include_str!("sql/ledger_get.sql"))?;
                get.query_row([name], |row| row.get(0)).optional()
            })
        })
    }

    fn write<'a>(
        &'a self,
        name: &'a str,
        before: Option<&'a str>,
        document: &'a str,
    ) -> Later<'a, Result<bool, RowError>> {
        Box::pin(async move {
            self.0.with(|connection| {
                let written = match before {
                    None => connection.prepare_cached(include_str!("sql/ledger_add.sql"))?.execute((
                        name,
                        document,
                        now(),
                    ))?,
                    Some(before) => connection
                        .prepare_cached(include_str!("sql/ledger_put.sql"))?
                        .execute((name, document, now(), before))?,
                };
                Ok(written > 0)
            })
        })
    }
}
