use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustc_hash::FxBuildHasher;
use watershed_core::ports::Line;
use watershed_core::{Tenant, Version};

use super::LoadError;

const SHARDS: usize = 16;

/// One aggregate in memory: its state at the pending head, that is, after everything that has been handed to the log.
///
/// Nobody else writes the stream in between, as a rule; where somebody does, or an append fails, the next append
/// conflicts, what has been decided one upon the other since breaks off, and the state is loaded again.
pub(crate) struct Cell<A> {
    pub(crate) state: A,
    /// The version that `state` stands for: some of it may not be durable yet.
    pub(crate) version: Version,
    /// The last version known to be durable.
    pub(crate) durable: Version,
    /// The version of the row that the state stands in, where it stands in tables and has a row.
    pub(crate) row: Option<u64>,
    /// Ties together what is decided on the state from its loading on. Broken: the state rests on what has failed.
    pub(crate) line: Line,
}

impl<A> Cell<A> {
    /// Whether something that the state rests on may not be durable yet.
    pub(crate) fn is_pending(&self) -> bool {
        self.version > self.durable
    }

    /// Whether it rests on what has failed, and is to be loaded again.
    pub(crate) fn is_stale(&self) -> bool {
        self.line.is_broken()
    }
}

/// A cell, shared by the commands on its aggregate. Empty until it is loaded.
pub(crate) struct Shared<A> {
    cell: Mutex<Option<Cell<A>>>,
    /// Held by whoever loads, so that one loads and the others wait. What was told to the last one, where it could not.
    pub(crate) loading: tokio::sync::Mutex<Option<Unloaded>>,
}

impl<A> Shared<A> {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Option<Cell<A>>> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An aggregate could not be loaded.
pub(crate) struct Unloaded {
    pub(crate) since: Instant,
    pub(crate) error: LoadError,
}

type Shard<A> = Mutex<HashMap<(Tenant, Arc<str>), Arc<Shared<A>>, FxBuildHasher>>;

/// The aggregates that are in memory, by tenant and id: a bounded number of them.
pub(crate) struct Cells<A> {
    shards: [Shard<A>; SHARDS],
    capacity_per_shard: usize,
}

impl<A> Cells<A> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            capacity_per_shard: (capacity / SHARDS).max(8),
        }
    }

    /// The cell of that aggregate; an empty one where it is not in memory.
    pub(crate) fn get(&self, tenant: &Tenant, id: &Arc<str>) -> Arc<Shared<A>> {
        let key = (tenant.clone(), id.clone());
        let shard = (FxBuildHasher.hash_one(&key) >> 48) as usize % SHARDS;
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = shard.get(&key) {
            return cell.clone();
        }
        if shard.len() >= self.capacity_per_shard {
            make_room(&mut shard);
        }
        let cell = Arc::new(Shared { cell: Mutex::new(None), loading: tokio::sync::Mutex::default() });
        shard.insert(key, cell.clone());
        cell
    }
}

/// Drops an eighth of the cells that nobody is using. Which ones is up to the hash: the hot ones come back at once.
fn make_room<K: Eq + std::hash::Hash, A>(shard: &mut HashMap<K, Arc<Shared<A>>, FxBuildHasher>) {
    let mut to_drop = shard.len() / 8 + 1;
    shard.retain(|_, cell| {
        let drop = to_drop > 0 && Arc::strong_count(cell) == 1;
        to_drop -= usize::from(drop);
        !drop
    });
}
