//! Values go in and out, and pages come and go with them.

use watershed_core::Decimal;

use super::node::{Elements, Entry, Ref, place_of};
use super::{Bag, Item, PageName, Pages, Total};
use crate::projector::trouble::Trouble;

impl Bag {
    /// Takes a value in (`sign` 1) or out (`sign` -1). The bag has to be [settled](Bag::settle) before it is asked.
    pub(in super::super) fn take(
        &mut self,
        item: &Item,
        weight: Option<Decimal>,
        sign: i64,
        pages: &mut Pages<'_>,
    ) -> Result<(), Trouble> {
        let level = if self.height == 0 { 0 } else { item.level().min(self.height) };
        let mut change = Change { item, level, dropped: &mut self.dropped, pages };
        let (total, is_left_over) = change.take(&mut self.root, self.height, weight, sign)?;
        if is_left_over {
            change.remove(&mut self.root, self.height)?;
        }
        self.note_best(item, total);
        Ok(())
    }

    /// Takes another bag's values in, which lie in memory altogether.
    pub(in super::super) fn merge(&mut self, other: Self, pages: &mut Pages<'_>) -> Result<(), Trouble> {
        let mut entries = Vec::new();
        flatten(other.root, &mut entries);
        self.best = None;
        for entry in entries {
            let level = if self.height == 0 { 0 } else { entry.item.level().min(self.height) };
            let mut change = Change { item: &entry.item, level, dropped: &mut self.dropped, pages };
            change.merge(&mut self.root, self.height, &entry)?;
            if self.root.len() > super::IN_ROW {
                self.settle(pages)?;
            }
        }
        Ok(())
    }
}

fn flatten(elements: Elements, into: &mut Vec<Entry>) {
    match elements {
        Elements::Entries(entries) => into.extend(entries),
        Elements::Refs(refs) => {
            refs.into_iter().filter_map(|page| page.elements).for_each(|page| flatten(*page, into));
        }
    }
}

/// The change of one value.
struct Change<'c, 'p> {
    item: &'c Item,
    /// The highest level, of those that there are, of which a page begins with it.
    level: u8,
    dropped: &'c mut Vec<PageName>,
    pages: &'c mut Pages<'p>,
}

impl Change<'_, '_> {
    /// Takes the value in or out of elements of that level. Gives its total, where there is anything left of it; and whether
    /// nothing is though it begins a page: then it stands there still, with no times, and is to be
    /// [removed](Change::remove).
    fn take(
        &mut self,
        elements: &mut Elements,
        level: u8,
        weight: Option<Decimal>,
        sign: i64,
    ) -> Result<(Option<Total>, bool), Trouble> {
        let (begins_page, mut total) = (self.level > 0, None);
        self.with_entry(elements, level, &mut |entries, place| {
            let entry = &mut entries[place];
            entry.take(weight, sign);
            if entry.times != 0 {
                total = Some(entry.total());
            } else if !begins_page {
                entries.remove(place);
            }
        })?;
        Ok((total, begins_page && total.is_none()))
    }

    fn merge(&mut self, elements: &mut Elements, level: u8, other: &Entry) -> Result<(), Trouble> {
        self.with_entry(elements, level, &mut |entries, place| {
            let entry = &mut entries[place];
            entry.times += other.times;
            if let Some(weight) = &other.weight {
                entry.weight.get_or_insert_default().merge(**weight);
            }
        })
    }

    /// Does something with the value's entry, which is made where there is none, with the pages that it begins.
    fn with_entry(
        &mut self,
        elements: &mut Elements,
        level: u8,
        with: &mut dyn FnMut(&mut Vec<Entry>, usize),
    ) -> Result<(), Trouble> {
        let refs = match elements {
            Elements::Entries(entries) => {
                let found = entries.binary_search_by(|entry| entry.item.cmp(self.item));
                let place = found.unwrap_or_else(|place| {
                    entries.insert(place, Entry::new(self.item.clone()));
                    place
                });
                with(entries, place);
                return Ok(());
            }
            Elements::Refs(refs) => refs,
        };
        let place = self.page(refs, level)?;
        let page = refs[place].change(level - 1, self.pages)?;
        self.with_entry(page, level - 1, with)?;
        self.drop_empty(refs, place, level);
        Ok(())
    }

    /// The place of the page that the value is in, or belongs in: made where it is missing.
    fn page(&mut self, refs: &mut Vec<Ref>, level: u8) -> Result<usize, Trouble> {
        let begins = self.level >= level;
        let start = begins.then(|| self.item.clone());
        let Some(place) = place_of(refs, self.item) else {
            refs.insert(0, Ref::new(start, Elements::empty(level - 1)));
            return Ok(0);
        };
        if !begins || refs[place].start == start {
            return Ok(place);
        }
        let behind = self.split(&mut refs[place], level - 1)?;
        refs.insert(place + 1, Ref::new(start, behind));
        Ok(if self.drop_empty(refs, place, level) { place } else { place + 1 })
    }

    /// Takes what lies behind the value out of the page, which is of that level and does not hold the value itself. What it
    /// gives is a page that begins with the value.
    fn split(&mut self, page: &mut Ref, level: u8) -> Result<Elements, Trouble> {
        match page.change(level, self.pages)? {
            Elements::Entries(entries) => {
                let behind = entries.partition_point(|entry| entry.item < *self.item);
                Ok(Elements::Entries(entries.split_off(behind)))
            }
            Elements::Refs(refs) => {
                let place = place_of(refs, self.item);
                let mut behind = refs.split_off(place.map_or(0, |place| place + 1));
                if let Some(place) = place {
                    let between = self.split(&mut refs[place], level - 1)?;
                    self.drop_empty(refs, place, level);
                    if !between.is_empty() {
                        behind.insert(0, Ref::new(Some(self.item.clone()), between));
                    }
                }
                Ok(Elements::Refs(behind))
            }
        }
    }

    /// Removes the value, of which nothing is left, and the pages that it begins: what else is in them joins the pages
    /// before them.
    fn remove(&mut self, elements: &mut Elements, level: u8) -> Result<(), Trouble> {
        let Elements::Refs(refs) = elements else { return Ok(()) };
        let Some(place) = place_of(refs, self.item) else { return Ok(()) };
        if level > self.level {
            let page = refs[place].change(level - 1, self.pages)?;
            self.remove(page, level - 1)?;
            self.drop_empty(refs, place, level);
            return Ok(());
        }
        let rest = self.take_out(refs, place, level)?;
        match place.checked_sub(1) {
            Some(before) => {
                let page = refs[before].change(level - 1, self.pages)?;
                self.join(page, rest, level - 1)
            }
            None => {
                let mut first = Elements::empty(level - 1);
                self.join(&mut first, rest, level - 1)?;
                if !first.is_empty() {
                    refs.insert(0, Ref::new(None, first));
                }
                Ok(())
            }
        }
    }

    /// Takes a page out, with its contents in memory.
    fn take_out(&mut self, refs: &mut Vec<Ref>, place: usize, level: u8) -> Result<Elements, Trouble> {
        refs[place].open(level - 1, self.pages)?;
        let page = refs.remove(place);
        self.dropped.push((level - 1, page.start));
        Ok(page.elements.map_or_else(|| Elements::empty(level - 1), |elements| *elements))
    }

    /// Adds what is in a page that begins with the value, but not the value, to the one before. Both are of that level.
    fn join(&mut self, before: &mut Elements, rest: Elements, level: u8) -> Result<(), Trouble> {
        match (before, rest) {
            (Elements::Entries(before), Elements::Entries(rest)) => {
                before.extend(rest.into_iter().filter(|entry| entry.item != *self.item));
            }
            (Elements::Refs(before), Elements::Refs(mut rest)) => {
                if rest.first().is_some_and(|page| page.start.as_ref() == Some(self.item)) {
                    let first = self.take_out(&mut rest, 0, level)?;
                    if before.is_empty() {
                        before.push(Ref::new(None, Elements::empty(level - 1)));
                    }
                    let last = before.len() - 1;
                    let page = before[last].change(level - 1, self.pages)?;
                    self.join(page, first, level - 1)?;
                    self.drop_empty(before, last, level);
                }
                before.append(&mut rest);
            }
            // invariant: pages of one level hold the same
            _ => {}
        }
        Ok(())
    }

    /// Takes the page away where nothing is in it.
    fn drop_empty(&mut self, refs: &mut Vec<Ref>, place: usize, level: u8) -> bool {
        let is_empty = refs[place].elements.as_ref().is_some_and(|page| page.is_empty());
        if is_empty {
            let page = refs.remove(place);
            self.dropped.push((level - 1, page.start));
        }
        is_empty
    }
}
