use std::sync::Arc;

use watershed_core::Position;

use super::Pages;
use super::parent::{Parent, Place};
use super::record::Record;
use super::tree::{Leaf, Page, cell};

/// So many pages are read at once by whoever goes through them in order.
const AHEAD: usize = 32;
/// Whoever goes on within so many pages reads those between as well.
const NEAR: u64 = 3;
/// Trees are never deeper: a page leads to hundreds.
const DEEPEST: usize = 12;

/// Finds rows by their positions.
#[derive(Debug)]
pub(crate) struct Cursor {
    pages: Arc<Pages>,
    /// What the page above the last leaf leads to.
    parent: Arc<Parent>,
    /// The last leaf: where it is in the buffer, its first position, how many rows it has.
    leaf: (usize, Position, u64),
    buffer: Vec<u8>,
    /// The pages in the buffer: the first one's number, and how many.
    buffered: (u32, usize),
    /// Parts of a page.
    pieces: Vec<u8>,
}

impl Cursor {
    pub(crate) fn new(pages: Arc<Pages>) -> Self {
        Self {
            pages,
            parent: Arc::default(),
            leaf: (0, 0, 0),
            buffer: Vec::new(),
            buffered: (0, 0),
            pieces: Vec::new(),
        }
    }

    /// The record of the event at `position`, where it can be found. For whoever goes on close behind it: the whole page is read.
    pub(crate) fn record(&mut self, position: Position) -> Option<Record<'_>> {
        let (_, first, count) = self.leaf;
        if position < first || position - first >= count {
            self.load(position)?;
        }
        let (start, first, _) = self.leaf;
        let (found, bytes) = self.leaf_at(start)?.row(usize::try_from(position - first).ok()?)?;
        (found == position).then(|| Record::read(position, bytes))?
    }

    /// The same, for whoever goes far away from it: of the page no more is read than it takes.
    pub(crate) fn record_alone(&mut self, position: Position) -> Option<Record<'_>> {
        let (_, first, count) = self.leaf;
        if position >= first && position - first < count {
            return self.record(position);
        }
        match self.find(position)? {
            Some(place) => self.read_alone(position, place),
            None => self.record(position),
        }
    }

    fn read_alone(&mut self, position: Position, place: Place) -> Option<Record<'_>> {
        let size = self.pages.size;
        let row = usize::try_from(position - place.after - 1).ok()?;
        // The page begins with the places of its rows, which were written from its end on.
        let head = self.piece(place.page, 0, 8 + 2 * (row + 1))?;
        let Page::Leaf(leaf) = Page::read(head)? else { return None };
        let start = leaf.place(row)?;
        let end = match row.checked_sub(1) {
            None => size,
            Some(before) => leaf.place(before)?,
        };
        let whole = leaf.cells as u64 == place.until - place.after;
        let length = end.checked_sub(start).filter(|_| whole)?;
        let (found, bytes) = cell(self.piece(place.page, start, length)?, size)?;
        (found == position).then(|| Record::read(position, bytes))?
    }

    /// Reads a part of a page.
    fn piece(&mut self, page: u32, start: usize, length: usize) -> Option<&[u8]> {
        self.pieces.resize(length, 0);
        self.pages.read(page, start, &mut self.pieces)?;
        Some(&self.pieces)
    }

    /// Where the position is; none where that is the table's last page.
    fn find(&mut self, position: Position) -> Option<Option<Place>> {
        if let Some(place) = self.parent.place(position) {
            return Some(Some(place));
        }
        self.parent = match self.pages.parents.get(position) {
            Some(parent) => parent,
            None => Arc::new(self.descend(position)?),
        };
        self.pages.parents.remember(&self.parent);
        Some(self.parent.place(position))
    }

    /// Makes the leaf that holds `position` the present one.
    fn load(&mut self, position: Position) -> Option<()> {
        let (_, first, count) = self.leaf;
        let end = first + count;
        let onward = (end..end + NEAR * count).contains(&position);
        self.leaf = (0, 0, 0);
        match self.find(position)? {
            Some(place) => self.load_known(place, onward),
            None => self.load_last(position),
        }
    }

    /// Loads a leaf, which must hold exactly the positions that its place says.
    fn load_known(&mut self, place: Place, onward: bool) -> Option<()> {
        let start = match place.page.checked_sub(self.buffered.0).map(|ahead| ahead as usize) {
            Some(ahead) if ahead < self.buffered.1 => ahead * self.pages.size,
            _ => {
                let count = if onward { self.parent.in_a_row(place).min(AHEAD) } else { 1 };
                self.fill(place.page, count)?;
                0
            }
        };
        let (first, last) = self.leaf_at(start)?.ends()?;
        if first != place.after + 1 || last != place.until {
            // An older page, as it seems: the next look is at the file again.
            self.buffered = (0, 0);
            return None;
        }
        self.leaf = (start, first, last - place.after);
        Some(())
    }

    /// Loads the table's last leaf, if it holds `position` already.
    fn load_last(&mut self, position: Position) -> Option<()> {
        let (page, after) = self.parent.last()?;
        self.fill(page, 1)?;
        // It grows: the next look is at the file again.
        self.buffered = (0, 0);
        let leaf = self.leaf_at(0)?;
        let ((first, last), cells) = (leaf.ends()?, leaf.cells as u64);
        let holds = first == after + 1 && (first..=last).contains(&position) && last - after == cells;
        if holds {
            self.leaf = (0, first, cells);
        }
        holds.then_some(())
    }

    fn leaf_at(&self, start: usize) -> Option<Leaf<'_>> {
        match Page::read(self.buffer.get(start..start + self.pages.size)?)? {
            Page::Leaf(leaf) => Some(leaf),
            Page::Interior(_) => None,
        }
    }

    /// Reads so many pages into the buffer.
    fn fill(&mut self, page: u32, count: usize) -> Option<()> {
        self.buffered = (0, 0);
        self.buffer.resize(self.pages.size * count.max(1), 0);
        self.pages.read(page, 0, &mut self.buffer)?;
        self.buffered = (page, count.max(1));
        Some(())
    }

    /// Finds the page above the leaf that holds `position`.
    fn descend(&self, position: Position) -> Option<Parent> {
        let mut bytes = vec![0; self.pages.size];
        let mut page = self.pages.root;
        let mut parent = Parent::of_root(page);
        let (mut after, mut until) = (0, None);
        for _ in 0..DEEPEST {
            self.pages.read(page, 0, &mut bytes)?;
            let Page::Interior(interior) = Page::read(&bytes)? else { return Some(parent) };
            parent = Parent::read(&interior, after, until)?;
            match parent.place(position) {
                Some(place) => (page, after, until) = (place.page, place.after, Some(place.until)),
                None => (page, after) = parent.last()?,
            }
        }
        None
    }
}
