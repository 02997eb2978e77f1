//! What SQLite's errors mean to whoever reads and writes rows.

use rusqlite::ErrorCode;
use watershed_core::ports::RowError;

use crate::OpenError;

/// The error of a statement, in the port's words.
#[expect(clippy::needless_pass_by_value, reason = "what map_err calls")]
pub(crate) fn failure(error: rusqlite::Error) -> RowError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen,
        ) => RowError::ReadOnly(error.to_string()),
        _ => RowError::Store(error.to_string()),
    }
}

/// The error of opening a file, in the port's words.
#[expect(clippy::needless_pass_by_value, reason = "what map_err calls")]
pub(crate) fn open_failure(error: OpenError) -> RowError {
    RowError::Store(error.to_string())
}
