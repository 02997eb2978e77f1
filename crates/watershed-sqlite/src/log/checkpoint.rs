//! The thread that copies the write-ahead log into `log.db`, so that commits do not have to.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use rusqlite::Connection;

use super::shared::{Shared, lock};

/// A checkpoint starts once about so many bytes have been committed. Commits that meet one wait for it, and fewer of them do
/// where checkpoints are fewer: with a quarter of it the slowest hundredth of them took 3.1 ms rather than 1.9.
const BYTES: u64 = 8 << 20;
/// So many pages in the write-ahead log, and commits wait for it to start again at its beginning.
const MOST_PAGES: i64 = 16_000;
/// What little has been committed is copied after this long.
const AT_LEAST: Duration = Duration::from_secs(1);

/// What the writer tells the thread.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    bytes: AtomicU64,
    thread: Mutex<Option<Thread>>,
    close: AtomicBool,
}

impl Pace {
    /// So many bytes have been committed.
    pub(crate) fn committed(&self, bytes: u64) {
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        if before < BYTES && before + bytes >= BYTES {
            self.wake();
        }
    }

    pub(crate) fn close(&self) {
        self.close.store(true, Ordering::Release);
        self.wake();
    }

    fn wake(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(thread) = &*thread {
            thread.unpark();
        }
    }
}

/// Checkpoints until the log is closed.
pub(crate) fn run(shared: &Shared, connection: &Connection) {
    *lock(&shared.pace.thread) = Some(thread::current());
    while !shared.pace.close.load(Ordering::Acquire) {
        if shared.pace.bytes.load(Ordering::Relaxed) < BYTES {
            thread::park_timeout(AT_LEAST);
        }
        if shared.pace.bytes.swap(0, Ordering::Relaxed) > 0
            && let Err(error) = checkpoint(connection)
        {
            match error.sqlite_error_code() {
                // A write or a flush of log.db failed. The write-ahead log still holds everything, and must not be
                // started again: a second flush would succeed over what the kernel has dropped.
                Some(rusqlite::ErrorCode::SystemIoFailure) => {
                    shared.standing.stop(&error);
                    return;
                }
                _ => tracing::warn!(%error, "a checkpoint failed; it is tried again"),
            }
        }
    }
}

fn checkpoint(connection: &Connection) -> rusqlite::Result<()> {
    let pages = run_one(connection, "PRAGMA wal_checkpoint(PASSIVE)")?;
    if pages > MOST_PAGES {
        run_one(connection, "PRAGMA wal_checkpoint(RESTART)")?;
    }
    Ok(())
}

/// Answers with the pages in the write-ahead log.
fn run_one(connection: &Connection, sql: &str) -> rusqlite::Result<i64> {
    connection.query_row(sql, [], |row| row.get(1))
}
