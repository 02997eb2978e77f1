//! The thread behind the log: it merges the tail into the index, and keeps snapshots.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use watershed_core::ports::Snapshot;

use super::index::Keeper;
use super::lists::ListId;
use super::shared::{Shared, lock};
use super::tail::ListMap;
use super::writer::Writer;

/// How long a failed merge waits before it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// What the thread is asked to do.
#[derive(Debug, Default)]
pub(crate) struct Work {
    asked: Mutex<Asked>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Asked {
    /// A layer has been turned.
    merge: bool,
    snapshots: ListMap<Snapshot>,
    /// The index could not be written, and why.
    failing: Option<String>,
    close: bool,
}

impl Work {
    /// A layer waits to be merged.
    pub(crate) fn merge(&self) {
        lock(&self.asked).merge = true;
        self.news.notify_one();
    }

    pub(crate) fn save(&self, list: ListId, snapshot: Snapshot) {
        let mut asked = lock(&self.asked);
        match asked.snapshots.get(&list) {
            Some(newer) if newer.version > snapshot.version => return,
            _ => asked.snapshots.insert(list, snapshot),
        };
        drop(asked);
        self.news.notify_one();
    }

    /// The snapshot that waits to be kept.
    pub(crate) fn saved(&self, list: ListId) -> Option<Snapshot> {
        lock(&self.asked).snapshots.get(&list).cloned()
    }

    pub(crate) fn failing(&self) -> Option<String> {
        lock(&self.asked).failing.clone()
    }

    pub(crate) fn close(&self) {
        lock(&self.asked).close = true;
        self.news.notify_one();
    }

    /// Waits for something to do, or for as long as `patience`; true once there is nothing more to come.
    fn wait(&self, patience: Duration) -> bool {
        let asked = lock(&self.asked);
        let nothing = |asked: &mut Asked| !asked.merge && asked.snapshots.is_empty() && !asked.close;
        let (mut asked, _) =
            self.news.wait_timeout_while(asked, patience, nothing).unwrap_or_else(PoisonError::into_inner);
        asked.merge = false;
        asked.close
    }
}

/// Merges until the log is closed, and what is left then.
pub(crate) fn run(shared: &Shared, writer: &Mutex<Writer>, mut keeper: Keeper) {
    let mut quiet = Quiet::new(shared);
    let mut busy = false;
    loop {
        let patience = if busy { Duration::ZERO } else { shared.options.merge_after };
        let closing = shared.merger.wait(patience);
        keep_snapshots(shared, &keeper);
        if closing {
            // The writer is gone: nothing is added any more.
            while merge(shared, &mut keeper) || lock(writer).turn() {
                if shared.merger.failing().is_some() {
                    return;
                }
            }
            return;
        }
        if quiet.for_long(shared)
            && let Ok(mut writer) = writer.try_lock()
        {
            writer.turn();
        }
        merge(shared, &mut keeper);
        busy = compact(shared, &mut keeper);
        if shared.merger.failing().is_some() {
            std::thread::sleep(AGAIN);
        }
    }
}

/// Watches for the log to be quiet.
struct Quiet {
    head: u64,
    since: Instant,
}

impl Quiet {
    fn new(shared: &Shared) -> Self {
        Self { head: shared.head(), since: Instant::now() }
    }

    fn for_long(&mut self, shared: &Shared) -> bool {
        if shared.head() != self.head {
            *self = Self::new(shared);
        }
        self.since.elapsed() >= shared.options.merge_after
    }
}

/// Merges the layer that waits; false where there is none. What fails is tried again later: the layer stays.
fn merge(shared: &Shared, keeper: &mut Keeper) -> bool {
    let layers = shared.tail.layers();
    let Some(merging) = layers.merging() else {
        return false;
    };
    let merged = keeper.write_out(&merging.layer, merging.checkpoint);
    lock(&shared.merger.asked).failing = merged.as_ref().err().map(ToString::to_string);
    match merged {
        Ok(()) => shared.tail.merged(keeper.runs()),
        Err(error) => tracing::error!(%error, "the index could not be written; it is tried again"),
    }
    true
}

/// Does a piece of the merging of runs that is due; false where nothing is.
fn compact(shared: &Shared, keeper: &mut Keeper) -> bool {
    match keeper.compact() {
        Ok(None) => false,
        Ok(Some(changed)) => {
            if changed {
                shared.tail.compacted(keeper.runs());
            }
            true
        }
        Err(error) => {
            tracing::error!(%error, "runs of the index could not be merged; it is tried again");
            false
        }
    }
}

fn keep_snapshots(shared: &Shared, keeper: &Keeper) {
    let waiting: Vec<(ListId, Snapshot)> = {
        let asked = lock(&shared.merger.asked);
        asked.snapshots.iter().map(|(list, snapshot)| (*list, snapshot.clone())).collect()
    };
    if waiting.is_empty() {
        return;
    }
    if let Err(error) = keeper.save(&waiting) {
        tracing::warn!(%error, "snapshots could not be kept");
    }
    // Readers found them here until now. One that has been replaced meanwhile waits for the next round.
    let mut asked = lock(&shared.merger.asked);
    for (list, snapshot) in waiting {
        if asked.snapshots.get(&list) == Some(&snapshot) {
            asked.snapshots.remove(&list);
        }
    }
}
