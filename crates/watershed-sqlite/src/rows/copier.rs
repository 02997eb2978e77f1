//! The thread that copies write-ahead logs into their files, so that writes do not have to.
//!
//! A write that copies its log waits for the disk twice: tens of milliseconds, during which no reader sees anything new.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::thread::{self, JoinHandle, Thread};
use std::time::Duration;

use rusqlite::Connection;
use watershed_core::ports::RowError;

use super::file::{GroupFile, held};

/// How long the thread lets writes gather.
const PAUSE: Duration = Duration::from_millis(20);
/// So many pages are worth the copying: 8 MB.
const ENOUGH: i64 = 4_000;
/// So many pages in a log, and writes wait until it is copied whole and can start again at its beginning: 32 MB.
const MOST: i64 = 16_000;

/// What the thread is told.
#[derive(Default)]
struct Calls {
    thread: OnceLock<Thread>,
    called: AtomicBool,
    closing: AtomicBool,
    files: Mutex<Vec<Weak<GroupFile>>>,
}

impl Calls {
    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    fn run(&self) {
        while !self.closing.load(Ordering::Acquire) {
            if self.called.swap(false, Ordering::Relaxed) {
                self.copy_all();
                thread::sleep(PAUSE);
            } else {
                thread::park();
            }
        }
    }

    fn copy_all(&self) {
        let files: Vec<Arc<GroupFile>> = {
            let mut files = held(&self.files);
            files.retain(|file| file.strong_count() > 0);
            files.iter().filter_map(Weak::upgrade).collect()
        };
        files.iter().for_each(|file| file.copy());
    }
}

/// The thread. It ends when this is dropped, which the store and every file of it hold.
pub(crate) struct Copier {
    calls: Arc<Calls>,
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    pub(crate) fn start() -> Result<Self, RowError> {
        let calls = Arc::new(Calls::default());
        let thread = thread::Builder::new()
            .name("rows-copier".to_owned())
            .spawn({
                let calls = calls.clone();
                move || calls.run()
            })
            .map_err(|error| RowError::Store(format!("no thread could be started: {error}")))?;
        let _ = calls.thread.set(thread.thread().clone());
        Ok(Self { calls, thread: Some(thread) })
    }

    /// Something has been written.
    pub(crate) fn call(&self) {
        // The thread looks by itself as long as it is called again and again.
        if !self.calls.called.swap(true, Ordering::Relaxed) {
            self.calls.wake();
        }
    }

    /// Has the file's log copied from now on.
    pub(crate) fn watch(&self, file: &Arc<GroupFile>) {
        held(&self.calls.files).push(Arc::downgrade(file));
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.calls.closing.store(true, Ordering::Release);
        self.calls.wake();
        // The thread itself drops the last file, where it is at work on it just then.
        let other = |thread: &JoinHandle<()>| thread.thread().id() != thread::current().id();
        if let Some(thread) = self.thread.take().filter(other) {
            // A panic there has been reported where it happened; nobody waits for the thread.
            let _ = thread.join();
        }
    }
}

/// How many pages a write-ahead log holds, and how many of them are copied.
#[derive(Debug, Clone, Copy)]
struct Pages {
    all: i64,
    copied: i64,
}

impl Pages {
    fn left(self) -> i64 {
        self.all - self.copied
    }
}

/// Copies a file's log as far as its readers allow, beside the connection that writes.
///
/// `still` is called where the log has grown so large that it has to start again, with what is to be done while nobody writes.
pub(crate) fn copy(
    connection: &Connection,
    still: impl FnOnce(&mut dyn FnMut() -> rusqlite::Result<()>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    if pages(connection, "PRAGMA wal_checkpoint(NOOP)")?.left() < ENOUGH {
        return Ok(());
    }
    let pages = copy_now(connection)?;
    // Where a reader holds an old snapshot, nothing is gained by waiting.
    if pages.all < MOST || pages.left() > ENOUGH {
        return Ok(());
    }
    still(&mut || copy_now(connection).map(drop))
}

fn copy_now(connection: &Connection) -> rusqlite::Result<Pages> {
    pages(connection, "PRAGMA wal_checkpoint(PASSIVE)")
}

fn pages(connection: &Connection, sql: &str) -> rusqlite::Result<Pages> {
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_row([], |row| Ok(Pages { all: row.get(1)?, copied: row.get(2)? }))
}
