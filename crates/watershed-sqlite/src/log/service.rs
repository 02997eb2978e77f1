use std::sync::{Arc, Mutex};

use tokio::task::coop::cooperative;
use watershed_core::ports::{
    Append, AppendError, Appended, EventLog, Events, InlineFold, KeyRecord, Later, LogError, LogIndex,
    LogReader, LogScan, ReadFrom, Scope, Snapshot, Snapshots,
};
use watershed_core::{LogIdentity, Position, StreamId, Tag, Tenant, Version};
use watershed_store::Verified;

use super::health::Health;
use super::open::Threads;
use super::prepared::Prepared;
use super::shared::{Shared, lock};
use super::verify::verify;
use super::writer::{self, Writer};
use crate::connection::open_reader;
use crate::folder::Folder;
use watershed_store::Pushed;

/// The log of a data folder.
///
/// Reads are done by the thread that asks; appends are written by a thread of the log's own. It is closed when it is
/// dropped: what was appended before is written, what comes later is refused.
pub struct SqliteLog {
    shared: Arc<Shared>,
    writer: Arc<Mutex<Writer>>,
    threads: Mutex<Threads>,
    /// Keeps the folder locked.
    _folder: Arc<Folder>,
}

impl std::fmt::Debug for SqliteLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SqliteLog({:?} at {})", self.shared.identity, self.shared.head())
    }
}

impl SqliteLog {
    pub(super) fn new(folder: Arc<Folder>, shared: Arc<Shared>, writer: Arc<Mutex<Writer>>) -> Self {
        Self { shared, writer, threads: Mutex::default(), _folder: folder }
    }

    pub(super) fn threads(&mut self) -> &mut Threads {
        self.threads.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Holds the file to so many pages, as a full disk would.
    #[cfg(test)]
    pub(super) fn limit_pages(&self, pages: u32) {
        lock(&self.writer).limit_pages(pages);
    }

    /// Whether the log takes writes.
    #[must_use]
    pub fn health(&self) -> Health {
        self.shared.standing.health()
    }

    /// Takes no more appends, writes those that wait, and answers when they are durable and the index holds them. Blocks.
    pub fn close(&self) {
        lock(&self.threads).close(&self.shared);
    }

    /// Checks every event and every link up to the present head. Calls `progress` now and then with the position that it
    /// has come to and the last one. Blocks the thread that calls it, and nobody else.
    ///
    /// # Errors
    /// What is wrong with the log.
    pub fn verify(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<Verified, LogError> {
        let connection =
            open_reader(&self.shared.log_file).map_err(|error| LogError::Store(error.to_string()))?;
        verify(&connection, self.shared.identity, self.shared.head(), progress)
    }
}

impl Drop for SqliteLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl EventLog for SqliteLog {
    fn identity(&self) -> LogIdentity {
        self.shared.identity
    }

    fn append(&self, append: Append) -> Later<'_, Result<Appended, AppendError>> {
        // Queued now, not when it is first polled: appends are taken in the order of the calls.
        let queued = self.shared.queue.push(Prepared::new(append, &self.shared.lists));
        Box::pin(async move {
            let Pushed { answer, alone } = queued?;
            if let Some(alone) = alone {
                if alone.lets_in {
                    // Whoever else is about to append comes first, and shares the commit.
                    tokio::task::yield_now().await;
                }
                writer::lead(&self.writer);
                drop(alone);
            }
            // The writer answers everything that it takes: only its end leaves somebody without an answer.
            answer.await.unwrap_or(Err(AppendError::Closed))
        })
    }

    fn set_inline(&self, folds: Vec<Box<dyn InlineFold>>) {
        lock(&self.writer).set_inline(folds);
    }
}

impl LogReader for SqliteLog {
    fn head(&self) -> Position {
        self.shared.head()
    }

    fn wait_past(&self, position: Position) -> Later<'_, Position> {
        let mut moves = self.shared.moves();
        Box::pin(async move {
            loop {
                let head = *moves.borrow_and_update();
                if head > position {
                    return head;
                }
                if moves.changed().await.is_err() {
                    // invariant: what sends is part of the log that is borrowed here.
                    std::future::pending::<()>().await;
                }
            }
        })
    }

    fn read(&self, from: ReadFrom) -> Later<'_, Result<Events, LogError>> {
        // Counts against the task's budget, as waiting for something would: whoever reads in a loop, and never has to wait,
        // lets others run all the same.
        Box::pin(cooperative(async move {
            let ReadFrom { scope, after, limit } = from;
            match &scope {
                Scope::Log => self.shared.read_log(after, limit),
                Scope::Stream { tenant, stream } => self.shared.read_stream(tenant, stream, after, limit),
                Scope::Boundary { tenant, boundary } => {
                    self.shared.read_boundary(tenant, boundary, after, limit)
                }
            }
        }))
    }

    fn scanner(&self) -> Option<&dyn LogScan> {
        Some(self)
    }
}

impl LogIndex for SqliteLog {
    fn find_key<'a>(
        &'a self,
        tenant: &'a Tenant,
        key: &'a str,
    ) -> Later<'a, Result<Option<KeyRecord>, LogError>> {
        Box::pin(async move { self.shared.key_record(tenant, key) })
    }

    fn find_tag<'a>(
        &'a self,
        tenant: &'a Tenant,
        tag: &'a Tag,
    ) -> Later<'a, Result<Option<Position>, LogError>> {
        Box::pin(async move { self.shared.tag_position(tenant, tag) })
    }

    fn stream_version<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
    ) -> Later<'a, Result<Version, LogError>> {
        Box::pin(async move { self.shared.version_of(tenant, stream) })
    }
}

impl Snapshots for SqliteLog {
    fn load_snapshot<'a>(&'a self, tenant: &'a Tenant, stream: &'a StreamId) -> Later<'a, Option<Snapshot>> {
        Box::pin(async move {
            let list = self.shared.lists.stream(tenant, stream);
            // One that still waits may be older than the one that is kept.
            let waiting = self.shared.merger.saved(list);
            let kept = self.shared.readers.with(|reader| Ok(reader.index.snapshot(list))).ok().flatten();
            match (waiting, kept) {
                (Some(waiting), Some(kept)) if kept.version > waiting.version => Some(kept),
                (waiting, kept) => waiting.or(kept),
            }
        })
    }

    fn save_snapshot(&self, tenant: &Tenant, stream: &StreamId, snapshot: Snapshot) {
        let list = self.shared.lists.stream(tenant, stream);
        self.shared.merger.save(list, snapshot);
    }
}
