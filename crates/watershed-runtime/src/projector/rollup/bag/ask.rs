//! What is asked of a bag, once it is settled.

use super::node::{Elements, Entry, Ref};
use super::{Bag, Item, Pages, Total};
use crate::projector::trouble::Trouble;

impl Bag {
    /// How many different values there are.
    pub(in super::super) fn distinct(&self) -> i64 {
        i64::try_from(self.root.summary(false).distinct).unwrap_or(i64::MAX)
    }

    /// How many values there are.
    pub(in super::super) fn times(&self) -> i64 {
        self.root.summary(false).times
    }

    /// The value of that rank, the smallest being the first; the largest where there are not so many.
    pub(in super::super) fn at_rank(
        &mut self,
        rank: i64,
        pages: &mut Pages<'_>,
    ) -> Result<Option<Item>, Trouble> {
        let (mut elements, mut level, mut left) = (&mut self.root, self.height, rank);
        loop {
            match elements {
                Elements::Entries(entries) => {
                    let found = entries.iter().find(|entry| {
                        left -= entry.times;
                        left <= 0
                    });
                    return Ok(found.or(entries.last()).map(|entry| entry.item.clone()));
                }
                Elements::Refs(refs) => {
                    let last = refs.len().saturating_sub(1);
                    let place = refs.iter().position(|page| {
                        left -= page.sum.times;
                        left <= 0
                    });
                    let place = place.unwrap_or(last);
                    let Some(page) = refs.get_mut(place) else { return Ok(None) };
                    left += page.sum.times;
                    level -= 1;
                    elements = page.open(level, pages)?;
                }
            }
        }
    }

    /// The values with the largest totals, the largest first; of equal totals, the smallest value first.
    pub(in super::super) fn top(&mut self, pages: &mut Pages<'_>) -> Result<Vec<(Total, Item)>, Trouble> {
        if let Some(best) = &self.best {
            return Ok(best.clone());
        }
        let mut search = Search { most: self.most, found: Vec::new(), least: None, pages };
        search.go_through(&mut self.root, self.height)?;
        let found = search.found;
        self.best = (self.height > 0).then(|| found.clone());
        Ok(found)
    }
}

/// Goes through the values in their order, past the pages that cannot hold one of the largest.
struct Search<'s, 'p> {
    most: usize,
    found: Vec<(Total, Item)>,
    /// So many values have at least this total.
    least: Option<Total>,
    pages: &'s mut Pages<'p>,
}

impl Search<'_, '_> {
    fn go_through(&mut self, elements: &mut Elements, level: u8) -> Result<(), Trouble> {
        match elements {
            Elements::Entries(entries) => {
                entries.iter().for_each(|entry| self.see(entry));
                Ok(())
            }
            Elements::Refs(refs) => {
                self.raise_least(refs);
                for page in refs.iter_mut() {
                    if self.may_hold(page.sum.best) {
                        let elements = page.open(level - 1, self.pages)?;
                        self.go_through(elements, level - 1)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Each page holds a value with its best total: so many pages, so many values.
    fn raise_least(&mut self, refs: &[Ref]) {
        let mut bests: Vec<Total> = refs.iter().filter_map(|page| page.sum.best).collect();
        bests.sort_unstable_by(|left, right| right.cmp(left));
        let least = self.most.checked_sub(1).and_then(|last| bests.get(last));
        self.least = self.least.max(least.copied());
    }

    /// A later value has to be better than the last of those found; one of equal total comes behind it.
    fn may_hold(&self, best: Option<Total>) -> bool {
        best >= self.least
            && (self.found.len() < self.most || best > self.found.last().map(|(total, _)| *total))
    }

    fn see(&mut self, entry: &Entry) {
        let total = entry.total();
        if !self.may_hold(Some(total)) {
            return;
        }
        let place = self.found.partition_point(|(found, _)| *found >= total);
        self.found.insert(place, (total, entry.item.clone()));
        self.found.truncate(self.most);
    }
}
