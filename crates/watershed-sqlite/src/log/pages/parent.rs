use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use watershed_core::Position;

use super::tree::Interior;
use crate::log::shared::{read, write};

/// So many parents are remembered: one stands for some ten thousand events, and takes as many bytes.
const REMEMBERED: usize = 1_024;

/// The leaves that a page leads to. Which positions a leaf holds never changes once there is a leaf behind it, whatever
/// becomes of the page that leads to it.
#[derive(Debug, Default)]
pub(super) struct Parent {
    /// They hold the positions after this one.
    after: Position,
    /// Each leaf and its last position.
    leaves: Vec<(u32, Position)>,
    /// The leaf after all others of the table; nobody says where it ends.
    last: Option<u32>,
}

/// A leaf, and the positions that it must hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) page: u32,
    pub(super) after: Position,
    pub(super) until: Position,
}

impl Parent {
    /// A table of one page, which is a leaf.
    pub(super) fn of_root(root: u32) -> Self {
        Self { last: Some(root), ..Self::default() }
    }

    /// What the page leads to. Its rows come after `after`, and up to `until`, where that is known.
    pub(super) fn read(page: &Interior<'_>, after: Position, until: Option<Position>) -> Option<Self> {
        let mut leaves = Vec::with_capacity(page.children() + 1);
        for cell in 0..page.children() {
            leaves.push(page.child(cell)?);
        }
        let last = page.last()?;
        leaves.extend(until.map(|until| (last, until)));
        Some(Self { after, leaves, last: until.is_none().then_some(last) })
    }

    /// Where the position is, where that is known.
    pub(super) fn place(&self, position: Position) -> Option<Place> {
        if position <= self.after {
            return None;
        }
        let place = self.leaves.partition_point(|(_, until)| *until < position);
        let (page, until) = *self.leaves.get(place)?;
        let after = place.checked_sub(1).map_or(self.after, |before| self.leaves[before].1);
        Some(Place { page, after, until })
    }

    /// The leaf after all others, and the position that it begins behind.
    pub(super) fn last(&self) -> Option<(u32, Position)> {
        let after = self.leaves.last().map_or(self.after, |(_, until)| *until);
        self.last.map(|page| (page, after))
    }

    /// How many leaves from this place on stand one after the other in the file.
    pub(super) fn in_a_row(&self, place: Place) -> usize {
        let first = self.leaves.partition_point(|(_, until)| *until < place.until);
        self.leaves[first..]
            .iter()
            .zip(place.page..)
            .take_while(|((page, _), expected)| page == expected)
            .count()
    }
}

/// Parents that somebody has found, for everybody.
#[derive(Debug, Default)]
pub(super) struct Parents(RwLock<BTreeMap<Position, Arc<Parent>>>);

impl Parents {
    /// The parent of the position's leaf, where it is remembered.
    pub(super) fn get(&self, position: Position) -> Option<Arc<Parent>> {
        let parents = read(&self.0);
        let (_, parent) = parents.range(..position).next_back()?;
        parent.place(position).map(|_| parent.clone())
    }

    /// Remembers a parent, unless it is the table's last one, which grows.
    pub(super) fn remember(&self, parent: &Arc<Parent>) {
        if parent.last.is_none() {
            let mut parents = write(&self.0);
            if parents.len() >= REMEMBERED {
                parents.clear();
            }
            parents.insert(parent.after, parent.clone());
        }
    }
}
