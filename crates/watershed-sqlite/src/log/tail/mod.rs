//! The newest part of every list, in memory: what has not been written to the index yet.
//!
//! An entry goes from the active layer to the merging one, and leaves that when it stands in a run of the index. What a
//! reader takes with it ([`Layers`]) holds all three, so that it neither misses an entry nor meets it twice.

mod layer;
mod layers;

use std::sync::RwLock;

use watershed_core::Position;

use super::index::{Checkpoint, Runs};
use super::lists::ListId;
use super::shared::{read, write};

pub(crate) use layer::{After, Layer, ListMap};
pub(crate) use layers::Layers;

/// The tail: its layers change hands, their contents are shared.
#[derive(Debug)]
pub(crate) struct Tail {
    layers: RwLock<Layers>,
}

impl Tail {
    /// A tail that holds `active`, over an index of these runs.
    pub(crate) fn new(active: Layer, runs: Runs) -> Self {
        Self { layers: RwLock::new(Layers::new(active, runs)) }
    }

    /// The layers and runs as they stand. What is added to the layers later is seen, too.
    pub(crate) fn layers(&self) -> Layers {
        read(&self.layers).clone()
    }

    /// How many entries wait to be merged.
    pub(crate) fn len(&self) -> usize {
        read(&self.layers).len()
    }

    /// Makes the active layer the merging one, where there is something in it and none is merging; the index comes to
    /// `checkpoint` with it. Only while no append is between being added and being durable.
    pub(crate) fn turn(&self, checkpoint: Checkpoint) -> bool {
        write(&self.layers).turn(checkpoint)
    }

    /// The merging layer stands in these runs now, and is forgotten.
    pub(crate) fn merged(&self, runs: Runs) {
        // Dropped outside of the lock.
        let merging = {
            let mut layers = write(&self.layers);
            layers.set_runs(runs);
            layers.end_merging()
        };
        drop(merging);
    }

    /// The same entries stand in other runs.
    pub(crate) fn compacted(&self, runs: Runs) {
        write(&self.layers).set_runs(runs);
    }

    /// Takes what was added to these lists after `durable` out again.
    pub(crate) fn undo(&self, lists: &[ListId], durable: Position) {
        let layers = self.layers();
        lists.iter().for_each(|list| layers.active().undo(*list, durable));
    }
}
