//! What SQLite's errors mean to whoever reads and writes rows.

use std::path::Path;

use rusqlite::ErrorCode;
use watershed_core::ports::RowError;

use crate::error::is_damage;
use crate::{OpenError, files};

/// The error of a statement, in the port's words. Of damage it says nothing but SQLite's words: where it is and what to do
/// about it is for whoever knows the file ([`of_rows_file`], [`of_log_file`]).
#[expect(clippy::needless_pass_by_value, reason = "what map_err calls")]
pub(crate) fn failure(error: rusqlite::Error) -> RowError {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly | ErrorCode::CannotOpen,
        ) => RowError::ReadOnly(error.to_string()),
        _ if is_damage(&error) => RowError::Damaged(error.to_string()),
        _ => RowError::Store(error.to_string()),
    }
}

/// The error of opening a file, in the port's words.
pub(crate) fn open_failure(error: OpenError) -> RowError {
    match error {
        OpenError::Corrupt { problem, .. } => RowError::Damaged(problem),
        other => RowError::Store(other.to_string()),
    }
}

/// The error, found in a group's own file while it is in use: the next start sees to the damage.
pub(crate) fn of_rows_file(error: RowError, path: &Path) -> RowError {
    let RowError::Damaged(problem) = error else { return error };
    let file = path.display();
    if files::note_damage(path) {
        tracing::error!(%file, problem, "a view's file is damaged; it is set aside and made again at the next start");
    }
    RowError::Damaged(format!(
        "{file} is damaged: {problem}. The log is not affected: start again, and the file is set aside and its rows are \
         folded anew"
    ))
}

/// The error, found in the log's file.
pub(crate) fn of_log_file(error: RowError, path: &Path) -> RowError {
    let RowError::Damaged(problem) = error else { return error };
    let file = path.display();
    RowError::Damaged(format!(
        "{file} is damaged: {problem}. Stop, copy the folder, and run `watershed log verify`"
    ))
}
