//! A bag: how often each value occurs, or with which sum of weights, in the values' order.
//!
//! A bag of a few values stands in its group's row. A larger one is cut into pages, rows of a table of its own, with pages
//! of pages above them as in a B-tree; a change then reads and writes one page of each level, however many values there
//! are. Every page knows how many values are below it and how often they occur in all, so that the value of a rank, the
//! smallest, the largest and the most frequent ones are found on a way down.
//!
//! Where a page begins is not a matter of what happened before: one value in thirty-two begins a page, by its hash
//! ([`Item::level`]), and one page in thirty-two a page of pages. The same values are always cut alike, so a bag that was
//! kept up for years and one that was built today are equal to the byte.

mod ask;
mod best;
mod change;
mod node;
mod pages;
mod shape;
mod stored;

use super::{Item, Total};
use node::Elements;
pub(super) use pages::Pages;

/// A bag with more elements than that in its group's row puts them into pages.
const IN_ROW: usize = 128;

/// The name of a page: how many levels are below it, and the value that it begins with; none where it is the first of its
/// level and does not begin with one that begins pages.
pub(super) type PageName = (u8, Option<Item>);

/// How often each value occurs.
#[derive(Debug, Clone)]
pub(super) struct Bag {
    /// How many levels of pages there are.
    height: u8,
    /// What stands in the group's row: values, or pages of the highest level.
    root: Elements,
    /// How many of the most frequent values somebody will ask for; 0 for none.
    most: usize,
    /// Those, where there are pages: stored with the bag, so that a change need not look for them among the pages.
    best: Option<Vec<(Total, Item)>>,
    /// Pages that are no more, or that were for a while.
    dropped: Vec<PageName>,
}

impl Bag {
    /// An empty bag, which will be asked for so many of the most frequent values.
    pub(super) fn new(most: usize) -> Self {
        Self { height: 0, root: Elements::Entries(Vec::new()), most, best: None, dropped: Vec::new() }
    }

    /// Drops what pages are in memory. All of them must have been written.
    pub(super) fn forget_pages(&mut self) {
        if let Elements::Refs(refs) = &mut self.root {
            refs.iter_mut().for_each(|page| page.elements = None);
        }
    }
}

#[cfg(test)]
mod tests;
