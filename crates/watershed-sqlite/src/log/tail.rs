//! The newest part of every list, in memory: what has not been merged into the index yet.
//!
//! An entry goes from the active layer to the merging one, and leaves that when it stands in the index. Readers look at the
//! layers first and at the index afterwards, so that they never miss an entry, and may meet it twice.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use watershed_core::{Position, Version};

use super::index::Checkpoint;
use super::lists::ListId;
use super::shared::{lock, read, write};

/// List ids are hashes already: their first bytes are as good as any.
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
        self.0 = (number >> 64) as u64;
    }
}

/// A map from list ids.
pub(crate) type ListMap<T> = HashMap<ListId, T, BuildHasherDefault<AsItIs>>;

/// A run of a list's positions, rising; in a stream the version of the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Run {
    pub(crate) version: Version,
    pub(crate) positions: Vec<Position>,
}

/// From where on a list is read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum After {
    /// Behind this position.
    Position(Position),
    /// Behind this version of the stream.
    Version(Version),
}

/// Positions of one list in one layer. Most lists have one.
#[derive(Debug, Clone)]
enum Held {
    One(Position),
    More(Vec<Position>),
}

#[derive(Debug, Clone)]
struct Entry {
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
            Held::One(first) => self.held = Held::More(vec![*first, position]),
            Held::More(positions) => positions.push(position),
        }
    }
}

const SHARDS: usize = 16;

/// One layer of the tail.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    shards: [Mutex<ListMap<Entry>>; SHARDS],
    entries: AtomicUsize,
}

impl Layer {
    fn shard(&self, list: ListId) -> &Mutex<ListMap<Entry>> {
        // The low bits, because the maps go by the high ones.
        &self.shards[list.0 as usize % SHARDS]
    }

    /// Adds an event to a list. Positions must come in rising order; the same one twice counts once.
    pub(crate) fn add(&self, list: ListId, version: Version, position: Position) {
        let mut shard = lock(self.shard(list));
        match shard.get_mut(&list) {
            Some(entry) if entry.positions().last() == Some(&position) => return,
            Some(entry) => entry.push(position),
            None => {
                let held = Held::One(position);
                shard.insert(list, Entry { version, held });
            }
        }
        self.entries.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes the positions after `durable` out of a list again.
    fn undo(&self, list: ListId, durable: Position) {
        let mut shard = lock(self.shard(list));
        let Some(entry) = shard.get_mut(&list) else { return };
        let kept: Vec<Position> = entry.positions().iter().copied().filter(|at| *at <= durable).collect();
        let gone = entry.positions().len() - kept.len();
        if kept.is_empty() {
            shard.remove(&list);
        } else {
            entry.held = Held::More(kept);
        }
        self.entries.fetch_sub(gone, Ordering::Relaxed);
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    fn with<T>(&self, list: ListId, see: impl FnOnce(Version, &[Position]) -> T) -> Option<T> {
        let shard = lock(self.shard(list));
        shard.get(&list).map(|entry| see(entry.version, entry.positions()))
    }

    /// Every list of the layer, by id.
    pub(crate) fn sorted(&self) -> Vec<(ListId, Run)> {
        let mut lists: Vec<(ListId, Run)> = Vec::with_capacity(self.len());
        for shard in &self.shards {
            lists.extend(lock(shard).iter().map(|(list, entry)| {
                let positions = entry.positions().to_vec();
                let version = entry.version;
                (*list, Run { version, positions })
            }));
        }
        lists.sort_unstable_by_key(|(list, _)| *list);
        lists
    }
}

/// A layer on its way into the index, and how far the index has come with it.
#[derive(Debug, Clone)]
pub(crate) struct Merging {
    pub(crate) layer: Arc<Layer>,
    pub(crate) checkpoint: Checkpoint,
}

/// The layers at one moment.
#[derive(Debug, Default, Clone)]
pub(crate) struct Layers {
    active: Arc<Layer>,
    merging: Option<Merging>,
    /// Everything up to here is in the index.
    floor: Position,
}

impl Layers {
    pub(crate) fn floor(&self) -> Position {
        self.floor
    }

    pub(crate) fn active(&self) -> &Layer {
        &self.active
    }

    pub(crate) fn merging(&self) -> Option<&Merging> {
        self.merging.as_ref()
    }

    /// How many entries wait to be merged.
    pub(crate) fn len(&self) -> usize {
        self.active.len() + self.merging_layer().map_or(0, Layer::len)
    }

    /// What the layers hold of a list behind `after` and up to `until`, older first.
    pub(crate) fn runs(&self, list: ListId, after: After, until: Position) -> Vec<Run> {
        let layers = self.merging_layer().into_iter().chain([&*self.active]);
        layers
            .filter_map(|layer| layer.with(list, |version, positions| cut(version, positions, after, until)))
            .filter(|run| !run.positions.is_empty())
            .collect()
    }

    /// The position of the first event of a list in the layers.
    pub(crate) fn oldest(&self, list: ListId, until: Position) -> Option<Position> {
        let layers = self.merging_layer().into_iter().chain([&*self.active]);
        layers
            .filter_map(|layer| layer.with(list, |_, positions| positions.first().copied()).flatten())
            .find(|position| *position <= until)
    }

    /// The last event of a list: its version, where the list is a stream, and its position.
    pub(crate) fn newest(&self, list: ListId, until: Position) -> Option<(Version, Position)> {
        let newest = |layer: &Layer| {
            layer.with(list, |version, positions| {
                let end = positions.partition_point(|at| *at <= until);
                let last = positions[..end].last()?;
                Some((version + end as u64 - 1, *last))
            })?
        };
        newest(&self.active).or_else(|| self.merging_layer().and_then(newest))
    }

    fn merging_layer(&self) -> Option<&Layer> {
        self.merging.as_ref().map(|merging| &*merging.layer)
    }
}

fn cut(version: Version, positions: &[Position], after: After, until: Position) -> Run {
    let start = match after {
        After::Position(after) => positions.partition_point(|at| *at <= after),
        After::Version(after) => usize::try_from((after + 1).saturating_sub(version)).unwrap_or(usize::MAX),
    };
    let end = positions.partition_point(|at| *at <= until);
    let start = start.min(end);
    Run { version: version + start as u64, positions: positions[start..end].to_vec() }
}

/// The tail: its layers change hands, their contents are shared.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    layers: RwLock<Layers>,
}

impl Tail {
    /// A tail that holds `active`, over an index that has come to `floor`.
    pub(crate) fn new(active: Layer, floor: Position) -> Self {
        Self { layers: RwLock::new(Layers { active: Arc::new(active), merging: None, floor }) }
    }

    /// The layers as they stand. What is added to them later is seen, too; what leaves them is not missed.
    pub(crate) fn layers(&self) -> Layers {
        read(&self.layers).clone()
    }

    /// Makes the active layer the merging one, where there is something in it and none is merging; the index comes to
    /// `checkpoint` with it. Only while no append is between being added and being durable.
    pub(crate) fn turn(&self, checkpoint: Checkpoint) -> bool {
        let mut layers = write(&self.layers);
        if layers.merging.is_some() || layers.active.len() == 0 {
            return false;
        }
        let layer = std::mem::take(&mut layers.active);
        layers.merging = Some(Merging { layer, checkpoint });
        true
    }

    /// Forgets the merging layer, which stands in the index now. Answers with it, to be dropped outside of the lock.
    pub(crate) fn merged(&self) -> Option<Merging> {
        let mut layers = write(&self.layers);
        let merging = layers.merging.take();
        if let Some(merging) = &merging {
            layers.floor = merging.checkpoint.merged;
        }
        merging
    }

    /// Takes what was added to these lists after `durable` out again.
    pub(crate) fn undo(&self, lists: &[ListId], durable: Position) {
        let layers = self.layers();
        for list in lists {
            layers.active.undo(*list, durable);
        }
    }
}
