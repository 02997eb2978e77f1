use std::collections::BTreeSet;

use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::{Key, Position, Value};

use super::node::Elements;
use super::{Bag, Item, PageName};
use crate::projector::rollup::ReadRow;
use crate::projector::trouble::Trouble;

/// The stored pages of one bag.
pub(in super::super) struct Pages<'p> {
    /// The group's key.
    pub(in super::super) group: &'p RowKey,
    /// The measure's place among those of the rollup.
    pub(in super::super) place: usize,
    pub(in super::super) read: ReadRow<'p>,
    /// Counts what is read.
    pub(in super::super) loaded: &'p mut usize,
}

impl Pages<'_> {
    /// A page's contents. A page that another one names is there: both were written in one transaction.
    pub(super) fn read(&mut self, level: u8, start: Option<&Item>) -> Result<Elements, Trouble> {
        let key = self.key(level, start);
        let row = (self.read)(&key)?;
        let damaged = |problem: &str| {
            let key = &key.key;
            Trouble::Stop(format!(
                "the values of a rollup's group are damaged: page `{key}` {problem}; rebuild the view"
            ))
        };
        *self.loaded += 1;
        match row.as_ref().and_then(|row| row.values.get(1)) {
            Some(Value::Json(text)) => {
                Elements::read(level, text).map_err(|error| damaged(&format!("cannot be read: {error}")))
            }
            _ => Err(damaged("is missing")),
        }
    }

    fn key(&self, level: u8, start: Option<&Item>) -> RowKey {
        let start = start.map(ToString::to_string).unwrap_or_default();
        let key = Key::joined(&[&self.group.key, &self.place, &level, &start]);
        RowKey { tenant: self.group.tenant.clone(), key }
    }
}

impl Bag {
    /// The changes of the pages since this was last asked.
    pub(in super::super) fn page_changes(
        &mut self,
        pages: &Pages<'_>,
        position: Position,
        changes: &mut Vec<RowChange>,
    ) {
        let mut put = Vec::new();
        let key = |(level, start): &PageName| pages.key(*level, start.as_ref());
        put_dirty(&mut self.root, self.height, &mut put);
        if !self.dropped.is_empty() {
            let there: BTreeSet<&PageName> = put.iter().map(|(name, _)| name).collect();
            let gone: BTreeSet<PageName> = std::mem::take(&mut self.dropped).into_iter().collect();
            let gone = gone.iter().filter(|name| !there.contains(name));
            changes.extend(gone.map(|name| RowChange::Delete(key(name))));
        }
        for (name, text) in put {
            let key = key(&name);
            let values = vec![Value::Text(key.key.as_str().into()), Value::Json(text.into())];
            changes.push(RowChange::Put(StoredRow { key, values, position, revision: 1, shown: true }));
        }
    }
}

/// Gives the changed pages as they are to be stored.
fn put_dirty(elements: &mut Elements, level: u8, put: &mut Vec<(PageName, String)>) {
    let Elements::Refs(refs) = elements else { return };
    for page in refs.iter_mut().filter(|page| page.is_dirty) {
        if let Some(elements) = &mut page.elements {
            put_dirty(elements, level - 1, put);
            put.push(((level - 1, page.start.clone()), elements.to_text()));
            page.is_dirty = false;
        }
    }
}
