//! The stores of one of several nodes: the log on PostgreSQL, which all of them append to.

use std::path::Path;
use std::sync::Arc;

use watershed_postgres::{PostgresLedger, PostgresLog, PostgresRows, PostgresRowsBesideLog, PostgresTriage};
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

/// Opens everything on PostgreSQL, and makes what is not there: the log, the tables that aggregates' state may stand in, the rows of
/// read models, what operators have decided. Several processes may do so at once; each group of read models is then kept by one of
/// them, and another one takes it over when that is gone.
///
/// # Errors
/// Where the server cannot be reached or is not to be used, or where its tables are newer than this program; the error says what to
/// do.
pub async fn on_postgres(
    options: watershed_postgres::Options,
) -> Result<Stores, watershed_postgres::OpenError> {
    on_postgres_with(Arc::new(PostgresLog::open(options).await?)).await
}

/// The same with a log that is open already: for whoever appends to it within transactions of their own
/// ([`PostgresLog::append_within`]).
///
/// # Errors
/// As [`on_postgres`].
pub async fn on_postgres_with(log: Arc<PostgresLog>) -> Result<Stores, watershed_postgres::OpenError> {
    let options = log.options().clone();
    Ok(Stores {
        tables: Some(log.tables()),
        log,
        rows: Arc::new(PostgresRows::open(options.clone()).await?),
        ledger: Arc::new(PostgresLedger::open(options.clone()).await?),
        triage: Arc::new(PostgresTriage::open(options.clone()).await?),
        beside_log: Some(Arc::new(PostgresRowsBesideLog::open(options).await?)),
    })
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
    shared_with(Arc::new(PostgresLog::open(options).await?), folder).await
}

/// The same with a log that is open already: for whoever appends to it within transactions of their own
/// ([`PostgresLog::append_within`]).
///
/// # Errors
/// As [`shared`].
pub async fn shared_with(log: Arc<PostgresLog>, folder: impl AsRef<Path>) -> Result<Stores, SharedError> {
    let here = Sqlite::open(folder, Options::default())?;
    here.set_rows_of(watershed_core::ports::EventLog::identity(&*log))?;
    // Inline rows are committed with the log: there are none of them here. Saved states are beside it.
    let tables = Some(log.tables() as Arc<_>);
    Ok(Stores { log, beside_log: None, tables, ..stores(&here)? })
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
