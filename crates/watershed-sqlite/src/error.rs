use std::path::{Path, PathBuf};

/// Why a data folder could not be opened. Nothing in it has been changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Another process is writing it.
    #[error("{} is in use by another process{}. Stop that process, or talk to it with `watershed --server URL`", .folder.display(), .holder.as_ref().map(|holder| format!(" ({holder})")).unwrap_or_default())]
    InUse {
        /// The folder.
        folder: PathBuf,
        /// What that process says of itself.
        holder: Option<String>,
    },
    /// A newer Watershed has written it.
    #[error("{} was written by a newer Watershed (format {found}; this one knows up to {known}). Use that version, or a copy from before", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The format that was found.
        found: u32,
        /// The newest format that this program knows.
        known: u32,
    },
    /// The file is not what it should be.
    #[error("{} is damaged: {problem}. Copy the folder before anything else, then run `watershed log verify`", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The SQLite in this program could corrupt a database.
    #[error(
        "this program is built with SQLite {found}, which can corrupt a database; 3.51.3 is the oldest that is safe. Build with a newer rusqlite"
    )]
    OldSqlite {
        /// Its version.
        found: String,
    },
    /// The file system or the build gives less than was promised.
    #[error("{} cannot be written durably ({found}). Put the data folder on a local file system", .path.display())]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The rows in the folder are those of another log.
    #[error("the rows in {} are {problem}. Say another folder with --data, or name the log that they are of", .folder.display())]
    OtherLog {
        /// The folder.
        folder: PathBuf,
        /// Which log they are of.
        problem: String,
    },
    /// The file system or SQLite failed.
    #[error("{}: {problem}", .path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        problem: String,
    },
}

impl OpenError {
    pub(crate) fn store(path: &Path, error: &rusqlite::Error) -> Self {
        let (path, problem) = (path.to_owned(), error.to_string());
        if is_damage(error) { Self::Corrupt { path, problem } } else { Self::Store { path, problem } }
    }
}

/// Whether SQLite says that the file is not what it wrote.
pub(crate) fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
