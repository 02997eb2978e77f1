use watershed_core::Decimal;

use super::{Item, Pages, Total};
use crate::projector::trouble::Trouble;

/// What stands in a page, or in a group's row.
#[derive(Debug, Clone)]
pub(super) enum Elements {
    /// Values, in their order.
    Entries(Vec<Entry>),
    /// Pages of the level below, in the order of the values in them.
    Refs(Vec<Ref>),
}

/// A value, and how often it occurs.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) item: Item,
    pub(super) times: i64,
    /// The sum of its weights, where they are given.
    pub(super) weight: Option<Box<Total>>,
}

/// A page, as the page above it knows it.
#[derive(Debug, Clone)]
pub(super) struct Ref {
    /// The value that it begins with; none where that is not one that begins pages.
    pub(super) start: Option<Item>,
    /// What is in it; out of date while it is dirty.
    pub(super) sum: Summary,
    /// Its contents, where they are in memory.
    pub(super) elements: Option<Box<Elements>>,
    /// Whether they are not what is stored.
    pub(super) is_dirty: bool,
}

/// What is in a page.
#[derive(Debug, Clone, Default)]
pub(super) struct Summary {
    /// How many values or pages stand in it.
    pub(super) elements: usize,
    /// How many values are in it and below it.
    pub(super) distinct: u64,
    /// How often they occur in all.
    pub(super) times: i64,
    /// The largest total of one of them; none in bags that nobody asks for it.
    pub(super) best: Option<Total>,
}

impl Entry {
    pub(super) fn new(item: Item) -> Self {
        Self { item, times: 0, weight: None }
    }

    /// Takes one more of it in (`sign` 1) or out (`sign` -1).
    pub(super) fn take(&mut self, weight: Option<Decimal>, sign: i64) {
        self.times += sign;
        if let Some(weight) = weight {
            self.weight.get_or_insert_default().add(weight, sign);
        }
    }

    /// What it is ranked by: its weight, and where none is given how often it occurs.
    pub(super) fn total(&self) -> Total {
        self.weight.as_ref().map_or_else(|| Total::from(self.times), |weight| **weight)
    }
}

impl Ref {
    /// A page that is not stored yet.
    pub(super) fn new(start: Option<Item>, elements: Elements) -> Self {
        Self { start, sum: Summary::default(), elements: Some(Box::new(elements)), is_dirty: true }
    }

    /// The page's contents, read where they are not in memory. `level` is the page's.
    pub(super) fn open(&mut self, level: u8, pages: &mut Pages<'_>) -> Result<&mut Elements, Trouble> {
        match &mut self.elements {
            Some(elements) => Ok(elements),
            absent => Ok(absent.insert(Box::new(pages.read(level, self.start.as_ref())?))),
        }
    }

    /// The page's contents, to be changed.
    pub(super) fn change(&mut self, level: u8, pages: &mut Pages<'_>) -> Result<&mut Elements, Trouble> {
        self.open(level, pages)?;
        self.is_dirty = true;
        // It is in memory by now.
        self.open(level, pages)
    }
}

impl Elements {
    /// An empty page of that level.
    pub(super) fn empty(level: u8) -> Self {
        if level == 0 { Self::Entries(Vec::new()) } else { Self::Refs(Vec::new()) }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Refs(refs) => refs.len(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn summary(&self, is_ranked: bool) -> Summary {
        let elements = self.len();
        match self {
            Self::Entries(entries) => Summary {
                elements,
                distinct: elements as u64,
                times: entries.iter().map(|entry| entry.times).sum(),
                best: is_ranked.then(|| entries.iter().map(Entry::total).max()).flatten(),
            },
            Self::Refs(refs) => Summary {
                elements,
                distinct: refs.iter().map(|page| page.sum.distinct).sum(),
                times: refs.iter().map(|page| page.sum.times).sum(),
                best: refs.iter().filter_map(|page| page.sum.best).max(),
            },
        }
    }
}

/// The place of the page that holds a value, among pages that do not all begin behind it.
pub(super) fn place_of(refs: &[Ref], item: &Item) -> Option<usize> {
    refs.partition_point(|page| page.start.as_ref() <= Some(item)).checked_sub(1)
}
