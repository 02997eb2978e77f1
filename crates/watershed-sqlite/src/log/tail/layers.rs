use std::sync::Arc;

use watershed_core::{Position, Version};

use super::layer::{After, Layer};
use crate::log::index::{Checkpoint, Runs};
use crate::log::lists::ListId;

/// A layer on its way into the index, and how far the index has come with it.
#[derive(Debug, Clone)]
pub(crate) struct Merging {
    pub(crate) layer: Arc<Layer>,
    pub(crate) checkpoint: Checkpoint,
}

/// Everything that is known of the lists, at one moment: every entry is in one of its parts.
#[derive(Debug, Clone)]
pub(crate) struct Layers {
    active: Arc<Layer>,
    merging: Option<Merging>,
    runs: Runs,
}

impl Layers {
    pub(super) fn new(active: Layer, runs: Runs) -> Self {
        Self { active: Arc::new(active), merging: None, runs }
    }

    pub(crate) fn active(&self) -> &Layer {
        &self.active
    }

    pub(crate) fn merging(&self) -> Option<&Merging> {
        self.merging.as_ref()
    }

    /// The runs of the index, older first.
    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    pub(super) fn set_runs(&mut self, runs: Runs) {
        self.runs = runs;
    }

    pub(super) fn turn(&mut self, checkpoint: Checkpoint) -> bool {
        if self.merging.is_some() || self.active.len() == 0 {
            return false;
        }
        let next = Arc::new(Layer::like(&self.active));
        let layer = std::mem::replace(&mut self.active, next);
        self.merging = Some(Merging { layer, checkpoint });
        true
    }

    pub(super) fn end_merging(&mut self) -> Option<Merging> {
        self.merging.take()
    }

    /// How many entries wait to be merged.
    pub(super) fn len(&self) -> usize {
        self.in_memory().map(Layer::len).sum()
    }

    /// The layers, older first.
    fn in_memory(&self) -> impl DoubleEndedIterator<Item = &Layer> {
        self.merging.iter().map(|merging| &*merging.layer).chain([&*self.active])
    }

    /// Shows `see` what the layers hold of a list behind `after` and up to `until`, older first: the version of the first
    /// event, and the positions.
    pub(crate) fn stretches(
        &self,
        list: ListId,
        after: After,
        until: Position,
        mut see: impl FnMut(Version, &[Position]),
    ) {
        for layer in self.in_memory() {
            layer.with(list, |version, positions| {
                let (version, positions) = cut(version, positions, after, until);
                if !positions.is_empty() {
                    see(version, positions);
                }
            });
        }
    }

    /// The position of the first event of a list in the layers.
    pub(crate) fn oldest(&self, list: ListId, until: Position) -> Option<Position> {
        self.in_memory()
            .filter_map(|layer| layer.with(list, |_, positions| positions.first().copied()).flatten())
            .find(|position| *position <= until)
    }

    /// The last event of a list in the layers: its version, where the list is a stream, and its position.
    pub(crate) fn newest(&self, list: ListId, until: Position) -> Option<(Version, Position)> {
        self.in_memory().rev().find_map(|layer| {
            layer.with(list, |version, positions| {
                let end = positions.partition_point(|at| *at <= until);
                let last = positions[..end].last()?;
                Some((version + end as u64 - 1, *last))
            })?
        })
    }
}

fn cut(version: Version, positions: &[Position], after: After, until: Position) -> (Version, &[Position]) {
    let start = match after {
        After::Position(after) => positions.partition_point(|at| *at <= after),
        After::Version(after) => usize::try_from((after + 1).saturating_sub(version)).unwrap_or(usize::MAX),
    };
    let end = positions.partition_point(|at| *at <= until);
    let start = start.min(end);
    (version + start as u64, &positions[start..end])
}
