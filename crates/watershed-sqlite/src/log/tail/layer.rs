use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::RwLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use watershed_core::{Position, Version};

use crate::log::lists::ListId;
use crate::log::shared::{read, write};

/// List ids are hashes already. The shards go by their first bits, the maps by their last ones.
#[derive(Default)]
pub(crate) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 << 8) | u64::from(*byte);
        }
    }

    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

/// A map from list ids.
pub(crate) type ListMap<T> = HashMap<ListId, T, BuildHasherDefault<AsItIs>>;

/// From where on a list is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum After {
    /// Behind this position.
    Position(Position),
    /// Behind this version of the stream.
    Version(Version),
}

/// Positions of one list in one layer. Most lists have one.
#[derive(Debug)]
#[expect(clippy::box_collection, reason = "a pointer, in place of three words in every entry")]
enum Held {
    One(Position),
    /// Boxed, so that those that have one are small: what they cost is memory that is not in the cache.
    More(Box<Vec<Position>>),
}

#[derive(Debug)]
struct Entry {
    /// Of the first event, where the list is a stream.
    version: Version,
    held: Held,
}

impl Entry {
    fn positions(&self) -> &[Position] {
        match &self.held {
            Held::One(position) => std::slice::from_ref(position),
            Held::More(positions) => positions,
        }
    }

    fn push(&mut self, position: Position) {
        match &mut self.held {
            Held::One(first) => self.held = Held::More(Box::new(vec![*first, position])),
            Held::More(positions) => positions.push(position),
        }
    }
}

const SHARD_BITS: u32 = 4;

/// One layer of the tail. Its shards follow on one another in the order of the lists.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    shards: [RwLock<ListMap<Entry>>; 1 << SHARD_BITS],
    entries: AtomicUsize,
}

impl Layer {
    /// A layer with room for about as many lists as `other` has.
    pub(super) fn like(other: &Self) -> Self {
        let layer = Self::default();
        for (shard, other) in layer.shards.iter().zip(&other.shards) {
            write(shard).reserve(read(other).len());
        }
        layer
    }

    fn shard(&self, list: ListId) -> &RwLock<ListMap<Entry>> {
        &self.shards[(list.0 >> (128 - SHARD_BITS)) as usize]
    }

    /// Adds an event to a list. Positions must come in rising order; the same one twice counts once.
    pub(crate) fn add(&self, list: ListId, version: Version, position: Position) {
        let mut shard = write(self.shard(list));
        let entry = match shard.entry(list) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(Entry { version, held: Held::One(position) });
                self.entries.fetch_add(1, Ordering::Relaxed);
                return;
            }
        };
        if entry.positions().last() != Some(&position) {
            entry.push(position);
            self.entries.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes the positions after `durable` out of a list again.
    pub(super) fn undo(&self, list: ListId, durable: Position) {
        let mut shard = write(self.shard(list));
        let Some(entry) = shard.get_mut(&list) else { return };
        let kept: Vec<Position> = entry.positions().iter().copied().filter(|at| *at <= durable).collect();
        self.entries.fetch_sub(entry.positions().len() - kept.len(), Ordering::Relaxed);
        if kept.is_empty() {
            shard.remove(&list);
        } else {
            entry.held = Held::More(Box::new(kept));
        }
    }

    /// How many entries it has: an event in three lists is three.
    pub(crate) fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    /// How many lists it has something of.
    pub(crate) fn lists(&self) -> usize {
        self.shards.iter().map(|shard| read(shard).len()).sum()
    }

    /// Shows `see` what it has of a list: the version of the first event, and the positions.
    pub(super) fn with<T>(&self, list: ListId, see: impl FnOnce(Version, &[Position]) -> T) -> Option<T> {
        let shard = read(self.shard(list));
        shard.get(&list).map(|entry| see(entry.version, entry.positions()))
    }

    /// Shows `see` every list of the layer, by rising id. Readers may go on meanwhile, adding may not.
    pub(crate) fn each_sorted<E>(
        &self,
        mut see: impl FnMut(ListId, Version, &[Position]) -> Result<(), E>,
    ) -> Result<(), E> {
        for shard in &self.shards {
            let shard = read(shard);
            let mut lists: Vec<(ListId, &Entry)> = shard.iter().map(|(list, entry)| (*list, entry)).collect();
            lists.sort_unstable_by_key(|(list, _)| *list);
            for (list, entry) in lists {
                see(list, entry.version, entry.positions())?;
            }
        }
        Ok(())
    }
}
