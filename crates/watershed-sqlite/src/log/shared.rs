//! What the writer, the readers and the threads behind them share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use tokio::sync::watch;
use watershed_core::{LogIdentity, Position};

use super::boundaries::Boundaries;
use super::checkpoint::Pace;
use super::health::Standing;
use super::lists::Lists;
use super::merger::Work;
use super::options::Options;
use super::prepared::Prepared;
use super::readers::Readers;
use super::ring::Ring;
use super::tail::Tail;

/// The state of an open log.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) options: Options,
    pub(crate) identity: LogIdentity,
    pub(crate) lists: Lists,
    pub(crate) log_file: PathBuf,
    pub(crate) queue: watershed_store::Queue<Prepared>,
    pub(crate) tail: Tail,
    pub(crate) ring: Ring,
    pub(crate) boundaries: Boundaries,
    pub(crate) readers: Readers,
    pub(crate) standing: Standing,
    pub(crate) merger: Work,
    pub(crate) pace: Pace,
    head: AtomicU64,
    moved: watch::Sender<Position>,
}

pub(crate) struct Parts {
    pub(crate) options: Options,
    pub(crate) identity: LogIdentity,
    pub(crate) log_file: PathBuf,
    pub(crate) tail: Tail,
    pub(crate) readers: Readers,
    pub(crate) head: Position,
}

impl Shared {
    pub(crate) fn new(parts: Parts) -> Self {
        let Parts { options, identity, log_file, tail, readers, head } = parts;
        Self {
            lists: Lists::of_log(identity.id.as_bytes()),
            queue: watershed_store::Queue::default(),
            ring: Ring::new(options.recent_events, options.recent_bytes),
            boundaries: Boundaries::default(),
            standing: Standing::default(),
            merger: Work::default(),
            pace: Pace::default(),
            head: AtomicU64::new(head),
            moved: watch::Sender::new(head),
            options,
            identity,
            log_file,
            tail,
            readers,
        }
    }

    /// The last durable position.
    pub(crate) fn head(&self) -> Position {
        self.head.load(Ordering::Acquire)
    }

    /// Everything up to `head` is durable, and found by readers.
    pub(crate) fn advance(&self, head: Position) {
        self.head.store(head, Ordering::Release);
        self.moved.send_replace(head);
    }

    /// Tells when the head moves.
    pub(crate) fn moves(&self) -> watch::Receiver<Position> {
        self.moved.subscribe()
    }
}

// A panic elsewhere does not make what a lock guards wrong: every change under these locks is whole before anything that
// could panic.

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn read<T>(rw: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    rw.read().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn write<T>(rw: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    rw.write().unwrap_or_else(PoisonError::into_inner)
}
