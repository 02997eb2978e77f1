//! How many levels of pages there are, and what every page knows of those below it.

use super::node::{Elements, Ref, Summary};
use super::{Bag, IN_ROW, Item, Pages};
use crate::projector::trouble::Trouble;

impl Bag {
    /// Brings the bag into the one shape that its values have: as few levels as leave no more in the row than it takes.
    pub(in super::super) fn settle(&mut self, pages: &mut Pages<'_>) -> Result<(), Trouble> {
        summarize(&mut self.root, self.most > 0);
        loop {
            if self.root.len() > IN_ROW {
                self.raise();
            } else if self.height > 0 && below(&self.root) <= IN_ROW {
                self.lower(pages)?;
            } else {
                return Ok(());
            }
        }
    }

    /// Puts what stands in the row into pages.
    fn raise(&mut self) {
        let next = self.height + 1;
        let begins = |start: Option<&Item>| start.is_some_and(|start| start.level() >= next);
        let mut refs: Vec<Ref> = Vec::new();
        match &mut self.root {
            Elements::Entries(entries) => {
                for entry in std::mem::take(entries) {
                    let begins = begins(Some(&entry.item));
                    if begins || refs.is_empty() {
                        let start = begins.then(|| entry.item.clone());
                        refs.push(Ref::new(start, Elements::Entries(Vec::new())));
                    }
                    if let Some(Elements::Entries(page)) =
                        refs.last_mut().and_then(|page| page.elements.as_deref_mut())
                    {
                        page.push(entry);
                    }
                }
            }
            Elements::Refs(root) => {
                for below in std::mem::take(root) {
                    let begins = begins(below.start.as_ref());
                    if begins || refs.is_empty() {
                        let start = if begins { below.start.clone() } else { None };
                        refs.push(Ref::new(start, Elements::Refs(Vec::new())));
                    }
                    if let Some(Elements::Refs(page)) =
                        refs.last_mut().and_then(|page| page.elements.as_deref_mut())
                    {
                        page.push(below);
                    }
                }
            }
        }
        self.root = Elements::Refs(refs);
        self.height = next;
        summarize(&mut self.root, self.most > 0);
    }

    /// Takes what stands in the highest pages into the row.
    fn lower(&mut self, pages: &mut Pages<'_>) -> Result<(), Trouble> {
        let level = self.height - 1;
        let mut all = Elements::empty(level);
        if let Elements::Refs(refs) = &mut self.root {
            for page in refs.iter_mut() {
                page.open(level, pages)?;
            }
            for page in std::mem::take(refs) {
                self.dropped.push((level, page.start));
                match (&mut all, page.elements.map(|elements| *elements)) {
                    (Elements::Entries(all), Some(Elements::Entries(mut entries))) => {
                        all.append(&mut entries);
                    }
                    (Elements::Refs(all), Some(Elements::Refs(mut refs))) => all.append(&mut refs),
                    // invariant: it has been opened, and is of that level
                    _ => {}
                }
            }
        }
        self.root = all;
        self.height = level;
        if level == 0 {
            self.best = None;
        }
        Ok(())
    }
}

/// Brings what is known of the changed pages up to date.
fn summarize(elements: &mut Elements, is_ranked: bool) {
    let Elements::Refs(refs) = elements else { return };
    for page in refs.iter_mut().filter(|page| page.is_dirty) {
        if let Some(elements) = &mut page.elements {
            summarize(elements, is_ranked);
            page.sum = elements.summary(is_ranked);
        }
    }
}

/// How many elements stand in the pages below.
fn below(root: &Elements) -> usize {
    match root {
        Elements::Entries(_) => 0,
        Elements::Refs(refs) => refs.iter().map(|Ref { sum: Summary { elements, .. }, .. }| elements).sum(),
    }
}
