//! The stores of one of several nodes: the log on PostgreSQL, which all of them append to.

use std::path::Path;
use std::sync::Arc;

use watershed_postgres::{PostgresLedger, PostgresLog, PostgresRows, PostgresTriage};
use watershed_runtime::Stores;
use watershed_sqlite::{Options, Sqlite};

use crate::stores;

/// Why the stores of a node were not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SharedError {
    /// The server, or what it has in its tables.
    #[error(transparent)]
    Server(#[from] watershed_postgres::OpenError),
    /// The folder.
    #[error(transparent)]
    Folder(#[from] watershed_sqlite::OpenError),
}

/// Opens the log on PostgreSQL, and makes it where it is not there; several processes may do so at once. What a node folds from
/// it, and what its operators have decided, is kept in `folder`, which is this process's alone.
///
/// # Errors
/// Where the server cannot be reached or is not to be used, where its tables are newer than this program, or where the folder
/// cannot be opened or holds the rows of another log; the error says what to do.
pub async fn shared(
    options: watershed_postgres::Options,
    folder: impl AsRef<Path>,
) -> Result<Stores, SharedError> {
    let log = PostgresLog::open(options).await?;
    let here = Sqlite::open(folder, Options::default())?;
    here.set_rows_of(watershed_core::ports::EventLog::identity(&log))?;
    // Inline rows are committed with the log: there are none of them here. Saved states are beside it.
    let tables = Some(log.tables() as Arc<_>);
    Ok(Stores { log: Arc::new(log), beside_log: None, tables, ..stores(&here)? })
}

/// Opens everything on PostgreSQL: the log, the rows, what operators have decided, and the lines that imports could not take. Nothing is on
/// this machine's disk.
///
/// Any number of processes may append and ask; let one of them fold, until they take turns by themselves. A second one that folds
/// the same rows is refused each batch that was made for a checkpoint that is past, so that no row is wrong, and gets nowhere.
///
/// # Errors
/// Where the server cannot be reached or is not to be used, or where its tables are newer than this program.
pub async fn on_postgres(options: watershed_postgres::Options) -> Result<Stores, SharedError> {
    let log = PostgresLog::open(options.clone()).await?;
    Ok(Stores {
        tables: Some(log.tables()),
        log: Arc::new(log),
        rows: Arc::new(PostgresRows::open(options.clone()).await?),
        ledger: Arc::new(PostgresLedger::open(options.clone()).await?),
        triage: Arc::new(PostgresTriage::open(options).await?),
        beside_log: None,
    })
}

/// Opens a context's stores where the settings say: everything in `folder`, or, where a server is named
/// (`postgres://app@db.example/app`), the log there, in the schema of that name.
///
/// # Errors
/// As [`shared`] and [`embedded`](crate::embedded).
pub async fn open(
    server: Option<&str>,
    schema: &str,
    folder: impl AsRef<Path>,
) -> Result<Stores, SharedError> {
    match server {
        None => Ok(crate::embedded(folder)?),
        Some(server) => {
            let mut options = watershed_postgres::Options::new(server);
            options.schema = schema.to_owned();
            shared(options, folder).await
        }
    }
}
