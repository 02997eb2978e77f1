//! The stores of one machine: everything in one folder.

use std::path::Path;
use std::sync::Arc;

use watershed_runtime::Stores;
use watershed_sqlite::{OpenError, Options, Sqlite, SqliteRows};

/// Opens the data folder at `folder`, and makes it where it is not there: log and rows on SQLite, written by this process alone.
///
/// # Errors
/// Where another process writes the folder, or it is damaged, or cannot be written durably; the error says what to do.
pub fn embedded(folder: impl AsRef<Path>) -> Result<Stores, OpenError> {
    let sqlite = Sqlite::open(&folder, Options::default())?;
    sqlite.has_own_rows()?;
    stores(&sqlite)
}

/// The stores of a data folder that is open.
///
/// # Errors
/// Where the folder for the rows cannot be made.
pub fn stores(sqlite: &Sqlite) -> Result<Stores, OpenError> {
    let rows = SqliteRows::open(sqlite.path())
        .map_err(|error| OpenError::Store { path: sqlite.path().to_owned(), problem: error.to_string() })?;
    Ok(Stores {
        log: sqlite.log(),
        rows: Arc::new(rows),
        ledger: sqlite.ledger(),
        triage: sqlite.triage(),
        beside_log: Some(sqlite.rows_beside_log()),
        tables: Some(sqlite.tables()),
    })
}
