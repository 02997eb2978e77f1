//! Whole files of rows as they stood at one moment, with a note of what they are.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension};
use watershed_core::ports::RowError;

use super::failure::{failure, open_failure};
use crate::connection::open_reader;
use crate::files;

/// Saves the database at `from` as the one at `to`, whole or not at all.
pub(super) fn save(from: &Path, to: &Path, note: &str) -> Result<(), RowError> {
    let told = |error: io::Error| RowError::Store(format!("{}: {error}", to.display()));
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(told)?;
    }
    let unfinished = to.with_extension("unfinished");
    files::remove(&unfinished).map_err(told)?;
    let source = open_reader(from).map_err(open_failure)?;
    source.pragma_update(None, "query_only", false).map_err(failure)?;
    // As of one moment, beside whoever writes, and without the pages that are free.
    source.execute(include_str!("sql/snapshot_save.sql"), [unfinished.to_string_lossy()]).map_err(failure)?;
    let saved = Connection::open(&unfinished).map_err(failure)?;
    saved.execute_batch(include_str!("sql/snapshot_note_make.sql")).map_err(failure)?;
    saved.execute(include_str!("sql/snapshot_note_put.sql"), [note]).map_err(failure)?;
    drop(saved);
    in_place(&unfinished, to).map_err(told)
}

/// The note in the database at `path`; none where there is no such file, or none with a note.
pub(super) fn note(path: &Path) -> Result<Option<String>, RowError> {
    if !path.exists() {
        return Ok(None);
    }
    let saved = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failure)?;
    let has_note: bool = saved
        .query_row(include_str!("sql/table_exists.sql"), ["_snapshot"], |row| row.get(0))
        .map_err(failure)?;
    if !has_note {
        return Ok(None);
    }
    saved
        .query_row(include_str!("sql/snapshot_note_get.sql"), [], |row| row.get(0))
        .optional()
        .map_err(failure)
}

/// Makes the database at `to` of the one saved at `from`.
pub(super) fn restore(from: &Path, to: &Path) -> Result<(), RowError> {
    let told = |error: io::Error| RowError::Store(format!("{}: {error}", to.display()));
    if to.exists() {
        return Err(told(ErrorKind::AlreadyExists.into()));
    }
    let unfinished = to.with_extension("unfinished");
    fs::copy(from, &unfinished).map_err(told)?;
    in_place(&unfinished, to).map_err(told)
}

/// Gives a file that is finished its name, once it is on disk.
fn in_place(unfinished: &Path, to: &Path) -> io::Result<()> {
    fs::File::open(unfinished)?.sync_all()?;
    fs::rename(unfinished, to)
}
