//! The lines that imports could not take, in the log's file.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, Row, params};
use watershed_core::ports::{BadLine, KeptLine, KeptLines, Later, RowError, Triage, WhichLines};
use watershed_core::{Tenant, Timestamp};

use crate::beside_log::TableBesideLog;

/// The triage in a data folder's log file.
#[derive(Debug)]
pub struct SqliteTriage(Arc<TableBesideLog>);

impl SqliteTriage {
    pub(crate) fn new(log_file: PathBuf) -> Self {
        Self(Arc::new(TableBesideLog::new(log_file, include_str!("sql/create_triage.sql"))))
    }

    /// Does it where it holds up nobody: a write waits for the log's commit, and for the disk.
    fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Later<'_, Result<T, RowError>> {
        let table = self.0.clone();
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || table.with(work)).await;
            done.unwrap_or_else(|error| Err(RowError::Store(error.to_string())))
        })
    }
}

impl Triage for SqliteTriage {
    fn keep(&self, lines: Vec<BadLine>) -> Later<'_, Result<Vec<u64>, RowError>> {
        self.with(move |connection| {
            let transaction =
                connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let mut numbers = Vec::with_capacity(lines.len());
            {
                let mut keep = transaction.prepare_cached(include_str!("sql/triage_keep.sql"))?;
                for line in &lines {
                    let number = keep.query_row(
                        params![
                            line.tenant.as_str(),
                            line.import,
                            hash_of(line),
                            line.content,
                            signed(line.bytes),
                            line.source,
                            signed(line.line),
                            line.code,
                            line.reason,
                            line.at.as_micros()
                        ],
                        |row| row.get(0),
                    )?;
                    numbers.push(unsigned(number));
                }
            }
            transaction.commit()?;
            Ok(numbers)
        })
    }

    fn list(&self, which: WhichLines) -> Later<'_, Result<KeptLines, RowError>> {
        self.with(move |connection| {
            // One moment for both.
            let transaction = connection.transaction()?;
            let total = transaction
                .prepare_cached(include_str!("sql/triage_count.sql"))?
                .query_row([&which.import], |row| row.get(0))?;
            let lines = transaction
                .prepare_cached(include_str!("sql/triage_list.sql"))?
                .query_map(params![which.import, signed(which.after), which.limit, which.content], |row| {
                    read(row, &which.import)
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(KeptLines { lines, total: unsigned(total) })
        })
    }

    fn release<'a>(&'a self, import: &'a str, number: u64) -> Later<'a, Result<bool, RowError>> {
        let import = import.to_owned();
        self.with(move |connection| {
            let mut release = connection.prepare_cached(include_str!("sql/triage_release.sql"))?;
            Ok(release.execute(params![import, signed(number)])? > 0)
        })
    }
}

/// Stands for the whole line as far as it is known: two long lines that begin alike differ by their length as a rule.
fn hash_of(line: &BadLine) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&line.bytes.to_le_bytes());
    hasher.update(&line.content);
    let mut hash = [0; 16];
    hasher.finalize_xof().fill(&mut hash);
    hash
}

fn read(row: &Row<'_>, import: &str) -> rusqlite::Result<KeptLine> {
    let tenant: String = row.get(1)?;
    Ok(KeptLine {
        number: unsigned(row.get(0)?),
        times: unsigned(row.get(8)?),
        since: Timestamp::from_micros(row.get(9)?),
        line: BadLine {
            tenant: Tenant::stored(tenant.into()),
            import: import.to_owned(),
            content: row.get(2)?,
            bytes: unsigned(row.get(3)?),
            source: row.get(4)?,
            line: unsigned(row.get(5)?),
            code: row.get(6)?,
            reason: row.get(7)?,
            at: Timestamp::from_micros(row.get(10)?),
        },
    })
}

/// SQLite's numbers have a sign, ours none.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
