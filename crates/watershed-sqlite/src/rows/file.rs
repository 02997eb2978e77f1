//! A group's file: one connection that writes, and as many as are needed that read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use watershed_core::ports::RowError;

use super::copier::{Copier, copy};
use super::failure::{failure, of_log_file, of_rows_file, open_failure};
use super::tables::prepare_file;
use crate::connection::{Durability, open_reader, open_writer};

/// The size of a page, in bytes. A change of a row writes its whole page, so half of SQLite's usual size makes live batches
/// a fifth faster, and nothing slower; rows of up to 2,000 bytes still lie on one page.
const PAGE: u32 = 2_048;

/// How many pages the log's write-ahead log holds before a write copies them itself: 16 MB.
const COPY_AT: u32 = 4_000;
/// The same where the copier should have done it long ago: 128 MB.
const COPY_AT_LAST: u32 = 64_000;

/// What the connection that writes holds of the file, in KiB; and while indexes are made.
const WRITE_CACHE: i32 = 32_000;
const SORT_CACHE: i32 = 8_000;

/// How a file of SQLite's begins, and the highest formats that its header can name.
const MAGIC: &[u8] = b"SQLite format 3\0";
const WRITE_FORMAT: u8 = 2;
const SCHEMA_FORMAT: [u8; 4] = 4_u32.to_be_bytes();

/// How many connections are kept for readers that are yet to come.
const IDLE_READERS: usize = 8;

/// One file with the tables of one group.
pub(crate) struct GroupFile {
    path: PathBuf,
    /// What damage of the file means to whoever comes upon it.
    explain: fn(RowError, &Path) -> RowError,
    writer: Mutex<Connection>,
    /// Copies the write-ahead log, where somebody else does not.
    copier: Option<(Arc<Copier>, Mutex<Connection>)>,
    /// Why the file takes no more writes.
    failed: OnceLock<RowError>,
    idle: Mutex<Vec<Connection>>,
    /// The number of the last loader.
    loads: AtomicU64,
    /// Tables that a loader left behind unfinished.
    leftovers: Mutex<Vec<String>>,
}

impl GroupFile {
    /// Opens a file of a group's own, and makes it where it is not there. `copier` copies its write-ahead log once it watches
    /// the file. Damage is told in SQLite's words.
    pub(crate) fn open(path: &Path, copier: &Arc<Copier>) -> Result<Self, RowError> {
        check_format(path)?;
        size_pages(path).map_err(failure)?;
        let copying = open_writer(path, Durability::Normal, 0).map_err(open_failure)?;
        let mut file = Self::with_writer(path, Durability::Normal, COPY_AT_LAST, of_rows_file)?;
        file.copier = Some((copier.clone(), Mutex::new(copying)));
        Ok(file)
    }

    /// Opens the log's file.
    pub(crate) fn beside_log(path: &Path) -> Result<Self, RowError> {
        Self::with_writer(path, Durability::Full, COPY_AT, of_log_file)
            .map_err(|error| of_log_file(error, path))
    }

    fn with_writer(
        path: &Path,
        durability: Durability,
        copy_at: u32,
        explain: fn(RowError, &Path) -> RowError,
    ) -> Result<Self, RowError> {
        let writer = open_writer(path, durability, copy_at).map_err(open_failure)?;
        refuse_unknown_names(&writer)?;
        // Views that somebody made by hand over a table must not stand in the way of another table taking its name.
        writer.pragma_update(None, "legacy_alter_table", true).map_err(failure)?;
        let file = Self {
            path: path.to_owned(),
            explain,
            writer: Mutex::new(writer),
            copier: None,
            failed: OnceLock::new(),
            idle: Mutex::default(),
            loads: AtomicU64::new(0),
            leftovers: Mutex::default(),
        };
        file.begin(prepare_file)?;
        Ok(file)
    }

    /// Runs `change` in a transaction: all of it is kept, or none.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, RowError>,
    ) -> Result<T, RowError> {
        self.begin(change).map_err(|error| self.explained(error))
    }

    /// The error, where it is damage with what to do about it.
    pub(crate) fn explained(&self, error: RowError) -> RowError {
        (self.explain)(error, &self.path)
    }

    /// [`GroupFile::change`] for whoever opens the file and sees to damage: it is told in SQLite's words.
    pub(crate) fn begin<T>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, RowError>,
    ) -> Result<T, RowError> {
        if let Some(failed) = self.failed.get() {
            return Err(failed.clone());
        }
        let writer = held(&self.writer);
        let transaction = Transaction::begin(&writer)?;
        let done = change(&writer)?;
        transaction.commit()?;
        drop(writer);
        if let Some((copier, _)) = &self.copier {
            copier.call();
        }
        Ok(done)
    }

    /// Copies the write-ahead log, where it is long enough.
    pub(crate) fn copy(&self) {
        let Some((_, copying)) = &self.copier else { return };
        let copied = copy(&held(copying), |finish| {
            let _nobody_writes = held(&self.writer);
            finish()
        });
        let Err(error) = copied else { return };
        let file = self.path.display();
        if error.sqlite_error_code() == Some(ErrorCode::SystemIoFailure) {
            // What could not be flushed may be lost to the file, and a second flush would not say so. The log still holds
            // it, and must not start again.
            tracing::error!(%error, %file, "the file takes no more writes");
            let _ = self.failed.set(failure(error));
        } else {
            tracing::warn!(%error, %file, "a write-ahead log could not be copied; it is tried again");
        }
    }

    /// Runs `work`, which sorts much, with a cache that is small for it: SQLite sorts as much at a time as its cache holds,
    /// and sorts fastest what the processor's own cache holds. A second thread sorts while the first one reads.
    pub(crate) fn sorting<T>(&self, work: impl FnOnce() -> Result<T, RowError>) -> Result<T, RowError> {
        let set = |kibibytes: i32, threads: i32| {
            let writer = held(&self.writer);
            let set = writer.pragma_update(None, "cache_size", -kibibytes);
            set.and_then(|()| writer.pragma_update(None, "threads", threads)).map_err(failure)
        };
        set(SORT_CACHE, 1)?;
        let done = work();
        set(WRITE_CACHE, 0)?;
        done
    }

    /// Runs `read` on a connection of its own.
    pub(crate) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, RowError>,
    ) -> Result<T, RowError> {
        let connection = self.lend()?;
        let found = read(&connection).map_err(|error| self.explained(error));
        self.take_back(connection);
        found
    }

    /// A connection that reads, for as long as the caller needs it.
    pub(crate) fn lend(&self) -> Result<Connection, RowError> {
        let idle = held(&self.idle).pop();
        idle.map_or_else(|| self.reader(), Ok).map_err(|error| self.explained(error))
    }

    /// Takes a connection back that was lent. One that is inside a transaction still is thrown away.
    pub(crate) fn take_back(&self, connection: Connection) {
        if connection.is_autocommit() {
            let mut idle = held(&self.idle);
            if idle.len() < IDLE_READERS {
                idle.push(connection);
            }
        }
    }

    fn reader(&self) -> Result<Connection, RowError> {
        let reader = open_reader(&self.path).map_err(open_failure)?;
        refuse_unknown_names(&reader)?;
        Ok(reader)
    }

    /// A number that no loader of this file has had: above `generation`, and above those of loaders under way.
    pub(crate) fn next_load(&self, generation: u64) -> u64 {
        let next = |last: u64| Some(last.max(generation) + 1);
        // invariant: `next` always gives a number, so the update cannot fail
        let (Ok(last) | Err(last)) = self.loads.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        last.max(generation) + 1
    }

    /// Has these tables dropped when the next loader comes.
    pub(crate) fn leave(&self, tables: Vec<String>) {
        held(&self.leftovers).extend(tables);
    }

    pub(crate) fn take_leftovers(&self) -> Vec<String> {
        std::mem::take(&mut held(&self.leftovers))
    }
}

/// A write transaction, undone where it is dropped before it is committed.
struct Transaction<'c>(&'c Connection);

impl<'c> Transaction<'c> {
    fn begin(connection: &'c Connection) -> Result<Self, RowError> {
        run(connection, "BEGIN IMMEDIATE").map_err(failure)?;
        Ok(Self(connection))
    }

    fn commit(self) -> Result<(), RowError> {
        run(self.0, "COMMIT").map_err(failure)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if !self.0.is_autocommit() {
            // A transaction that cannot be rolled back is refused by the next `BEGIN`.
            let _ = run(self.0, "ROLLBACK");
        }
    }
}

/// Runs a statement without parameters that is used again and again.
pub(crate) fn run(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// SQLite does not call a file damaged whose format it has not heard of: it would only read it, or fail again and again.
fn check_format(path: &Path) -> Result<(), RowError> {
    let mut header = [0; 48];
    // Nobody here has it open yet: a process that closes a file loses all its locks on it, SQLite's too.
    // A file that is missing, too short or none of SQLite's is for SQLite to judge.
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut header));
    let unknown = header[18] > WRITE_FORMAT || header[44..] > SCHEMA_FORMAT[..];
    if read.is_ok() && header.starts_with(MAGIC) && unknown {
        return Err(RowError::Damaged("no SQLite writes the format that it says it has".to_owned()));
    }
    Ok(())
}

/// Gives a file that is not there yet its size of pages.
fn size_pages(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "page_size", PAGE)?;
    connection.pragma_update(None, "journal_mode", "wal")
}

/// SQLite takes a quoted name that no column bears for a text, unless it is told not to.
fn refuse_unknown_names(connection: &Connection) -> Result<(), RowError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false).map(drop).map_err(failure)
}

/// A lock that a panic of another holder does not close: a transaction that it left open has been rolled back.
pub(crate) fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
