//! The data folder: one process writes it, and says so.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use watershed_core::ports::LogError;

use crate::log::{Options, SqliteLog, verify_file};
use crate::rows::SqliteRowsBesideLog;
use crate::{OpenError, SqliteLedger, SqliteTables, SqliteTriage};
use watershed_store::Verified;

/// A data folder that this process holds, with everything in it.
///
/// The folder stays locked until this, its log and everything else made from it are gone.
#[derive(Debug)]
pub struct Sqlite {
    folder: Arc<Folder>,
    log: Arc<SqliteLog>,
    rows_beside_log: Arc<SqliteRowsBesideLog>,
    ledger: Arc<SqliteLedger>,
    triage: Arc<SqliteTriage>,
    tables: Arc<SqliteTables>,
}

impl Sqlite {
    /// Opens the data folder `dir`, and makes it where it is not there.
    ///
    /// # Errors
    /// Where another process writes it, a newer program wrote it, it is damaged, or it cannot be written durably. Nothing
    /// in it has been changed then.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        let folder = Arc::new(Folder::lock(dir.as_ref())?);
        let rows_beside_log = Arc::new(SqliteRowsBesideLog::new(folder.log_file()));
        let ledger = Arc::new(SqliteLedger::new(folder.log_file()));
        let triage = Arc::new(SqliteTriage::new(folder.log_file()));
        let tables = Arc::new(SqliteTables::new(folder.log_file()));
        let log = Arc::new(SqliteLog::open(&folder, options, rows_beside_log.clone())?);
        Ok(Self { folder, log, rows_beside_log, ledger, triage, tables })
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> Arc<SqliteLog> {
        self.log.clone()
    }

    /// The rows in the log's own file: inline rows, and views over them.
    #[must_use]
    pub fn rows_beside_log(&self) -> Arc<SqliteRowsBesideLog> {
        self.rows_beside_log.clone()
    }

    /// What operators have decided, in the log's own file.
    #[must_use]
    pub fn ledger(&self) -> Arc<SqliteLedger> {
        self.ledger.clone()
    }

    /// The lines that imports could not take, in the log's own file.
    #[must_use]
    pub fn triage(&self) -> Arc<SqliteTriage> {
        self.triage.clone()
    }

    /// The tables of aggregates' state, in the log's own file.
    #[must_use]
    pub fn tables(&self) -> Arc<SqliteTables> {
        self.tables.clone()
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder.path
    }

    /// Leaves a line beside the lock that tells others who holds the folder: a process and an address, as a rule.
    ///
    /// # Errors
    /// Where the line cannot be written.
    pub fn set_holder(&self, line: &str) -> io::Result<()> {
        fs::write(self.folder.path.join(HOLDER), line)
    }

    /// Checks every event and every link of the log in `dir`, also where the log is too damaged to be opened. Calls
    /// `progress` now and then with the position that it has come to and the last one.
    ///
    /// # Errors
    /// Where the folder cannot be read or is in use; within, what is wrong with the log.
    pub fn verify(
        dir: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Result<Verified, LogError>, OpenError> {
        let folder = Folder::lock(dir.as_ref())?;
        verify_file(&folder.log_file(), progress)
    }
}

const LOCK: &str = "lock";
const HOLDER: &str = "holder";

/// A locked data folder, and where things are in it.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    lock: File,
    /// The log's file, to be read from. Open as long as the folder is held, see [`Folder::open_log_file`].
    log: OnceLock<Option<Arc<File>>>,
}

impl Folder {
    fn lock(path: &Path) -> Result<Self, OpenError> {
        let failed =
            |error: io::Error| OpenError::Store { path: path.to_owned(), problem: error.to_string() };
        fs::create_dir_all(path).map_err(failed)?;
        let lock =
            File::options().create(true).truncate(false).write(true).open(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { folder: path.to_owned(), holder: holder_of(path) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // A line that an earlier holder left would name the wrong one. That there is none is no failure.
        let _ = fs::remove_file(path.join(HOLDER));
        Ok(Self { path: path.to_owned(), lock, log: OnceLock::new() })
    }

    pub(crate) fn log_file(&self) -> PathBuf {
        self.path.join("log.db")
    }

    /// The log's file, open for reading. It is closed with the folder and not before: on POSIX systems a process that closes
    /// any descriptor of a file loses all of its locks on it, those that SQLite holds included.
    pub(crate) fn open_log_file(&self) -> Option<Arc<File>> {
        self.log.get_or_init(|| File::open(self.log_file()).ok().map(Arc::new)).clone()
    }

    pub(crate) fn index_file(&self) -> PathBuf {
        self.path.join("index.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Said, and not left to the closing of the file: a process that is just being started has a copy of it.
        let _ = self.lock.unlock();
    }
}

fn holder_of(folder: &Path) -> Option<String> {
    let line = fs::read_to_string(folder.join(HOLDER)).ok()?;
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}
