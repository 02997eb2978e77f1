use std::collections::hash_map::Entry;

use rustc_hash::FxHashMap;
use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::{Contribution, Measure, Position, Tenant, Value};

use super::group::{Group, State, Stored};
use super::table::RollupTable;
use super::{ReadRow, nothing_is_stored};
use crate::projector::trouble::Trouble;

/// A change that waits to be taken into the group of that key.
enum Waiting {
    /// A row gives something else than before.
    Within(RowKey, Contribution, Contribution),
    /// A row gives this no more (-1), or now does (1).
    Across(RowKey, Contribution, i64),
}

impl Waiting {
    fn key(&self) -> &RowKey {
        let (Self::Within(key, ..) | Self::Across(key, ..)) = self;
        key
    }
}

/// The groups of one rollup that are in memory, and the changes that wait to be taken in.
pub(crate) struct RollupState {
    table: RollupTable,
    /// The place of its table in its group, and of its values'.
    places: (usize, usize),
    groups: FxHashMap<RowKey, Group>,
    waiting: Vec<Waiting>,
    /// The groups that have changed since they were written.
    dirty: Vec<RowKey>,
    /// About how many pages of values are in memory.
    pages: usize,
}

/// What is to be written of a rollup.
struct Changes {
    /// Its groups' rows.
    rows: Vec<RowChange>,
    /// The pages of their values, in the table beside.
    pages: Vec<RowChange>,
}

/// Groups that are kept in memory between batches.
const KEPT: usize = 50_000;
/// Pages of values that are kept: of about three kilobytes each.
const KEPT_PAGES: usize = 20_000;
/// Groups that are handed to a loader at once.
const AT_ONCE: usize = 1_000;

impl RollupState {
    pub(crate) fn new(table: RollupTable) -> Self {
        Self {
            table,
            places: (0, 0),
            groups: FxHashMap::default(),
            waiting: Vec::new(),
            dirty: Vec::new(),
            pages: 0,
        }
    }

    /// One of the same tables, with empty hands.
    pub(crate) fn fresh(&self) -> Self {
        Self { places: self.places, ..Self::new(self.table.clone()) }
    }

    /// Says which tables of the group are its own. Answers with the place behind its values'.
    pub(crate) fn place(&mut self, own: usize, values: usize) -> usize {
        self.places = (own, values);
        values + usize::from(self.table.values().is_some())
    }

    /// The place of its groups' table.
    pub(crate) fn table(&self) -> usize {
        self.places.0
    }

    /// The place of the table of their values. There is one where a measure counts values, and only there is it asked for.
    pub(crate) fn values_table(&self) -> usize {
        self.places.1
    }

    /// A row gave `old` and now gives `new`.
    pub(crate) fn change(&mut self, tenant: &Tenant, old: Option<Contribution>, new: Option<Contribution>) {
        let key = |contribution: &Contribution| RowKey {
            tenant: tenant.clone(),
            key: self.table.group_key(&contribution.group),
        };
        match (old, new) {
            (Some(old), Some(new)) if old.group == new.group => {
                if old.inputs != new.inputs {
                    self.waiting.push(Waiting::Within(key(&new), old, new));
                }
            }
            (old, new) => {
                let old = old.map(|old| Waiting::Across(key(&old), old, -1));
                let new = new.map(|new| Waiting::Across(key(&new), new, 1));
                self.waiting.extend(old.into_iter().chain(new));
            }
        }
    }

    /// Takes over what waits in another state: that of another part of the same rows.
    pub(crate) fn take_waiting(&mut self, other: &mut Self) {
        self.waiting.append(&mut other.waiting);
    }

    /// The groups that waiting changes are about and that are not in memory.
    pub(crate) fn missing(&self) -> Vec<RowKey> {
        let mut missing: Vec<RowKey> = self
            .waiting
            .iter()
            .map(Waiting::key)
            .filter(|key| !self.groups.contains_key(*key))
            .cloned()
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    /// Takes stored groups into memory.
    pub(crate) fn load(&mut self, rows: Vec<StoredRow>) -> Result<(), String> {
        for row in rows {
            let state: State = match row.values.last() {
                Some(Value::Json(text)) => serde_json::from_str(text).map_err(|error| error.to_string())?,
                other => {
                    return Err(format!("rollup `{}`: no state, but {other:?}", self.table.spec().name));
                }
            };
            let measures = self.table.measures;
            let group_columns =
                row.values.into_iter().zip(measures).filter(|(_, measure)| **measure == Measure::Group);
            let group = group_columns.map(|(value, _)| value).collect();
            self.groups.insert(row.key, Group::stored(group, state, row.revision, measures));
        }
        Ok(())
    }

    /// Takes the waiting changes into their groups. Groups that are not in memory by now are new.
    pub(crate) fn settle(&mut self, read: ReadRow<'_>) -> Result<(), Trouble> {
        for waiting in std::mem::take(&mut self.waiting) {
            match waiting {
                Waiting::Within(key, old, new) => {
                    self.in_group(key, &old, read, |group, stored| group.replace(&old, &new, stored))?;
                }
                Waiting::Across(key, given, sign) => {
                    self.in_group(key, &given, read, |group, stored| group.take(&given, sign, stored))?;
                }
            }
        }
        Ok(())
    }

    fn in_group(
        &mut self,
        key: RowKey,
        contribution: &Contribution,
        read: ReadRow<'_>,
        change: impl FnOnce(&mut Group, &mut Stored<'_>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        let loaded = &mut self.pages;
        let group = match self.groups.get_mut(&key) {
            Some(group) => group,
            None => {
                let group = Group::new(contribution.group.clone(), self.table.measures);
                self.groups.entry(key.clone()).or_insert(group)
            }
        };
        change(group, &mut Stored { key: &key, read, loaded })?;
        if !group.dirty {
            group.dirty = true;
            self.dirty.push(key);
        }
        Ok(())
    }

    /// What is to be written, by the place of the table: what the changed groups are now, and the pages of their values. The
    /// groups stay marked until [`RollupState::written`]; their pages do not.
    pub(crate) fn changes(
        &mut self,
        position: Position,
        read: ReadRow<'_>,
    ) -> Result<impl Iterator<Item = (usize, Vec<RowChange>)> + use<>, Trouble> {
        let Changes { rows, pages } = self.gather(position, read)?;
        let (own, values) = self.places;
        Ok([(own, rows), (values, pages)].into_iter().filter(|(_, changes)| !changes.is_empty()))
    }

    fn gather(&mut self, position: Position, read: ReadRow<'_>) -> Result<Changes, Trouble> {
        let mut changes = Changes { rows: Vec::with_capacity(self.dirty.len()), pages: Vec::new() };
        self.dirty.sort_unstable();
        for key in &self.dirty {
            let Some(group) = self.groups.get_mut(key) else { continue };
            let mut stored = Stored { key, read, loaded: &mut self.pages };
            group.settle(&mut stored)?;
            changes.rows.push(if group.rows == 0 {
                RowChange::Delete(key.clone())
            } else {
                RowChange::Put(StoredRow {
                    key: key.clone(),
                    values: group.values(&self.table, &mut stored)?,
                    position,
                    revision: group.revision + 1,
                    shown: true,
                })
            });
            group.page_changes(&mut stored, position, &mut changes.pages);
        }
        self.pages += changes.pages.len();
        Ok(changes)
    }

    /// [`RollupState::changes`] of some groups of which nothing is stored, which are then forgotten; none where none is left.
    /// So that what is to be written of all groups is never in memory at once.
    pub(crate) fn next_new(
        &mut self,
        position: Position,
    ) -> Result<Option<impl Iterator<Item = (usize, Vec<RowChange>)> + use<>>, Trouble> {
        if self.dirty.is_empty() {
            return Ok(None);
        }
        let rest = self.dirty.split_off(self.dirty.len().min(AT_ONCE));
        let changes = self.changes(position, &mut nothing_is_stored)?;
        for key in std::mem::replace(&mut self.dirty, rest) {
            self.groups.remove(&key);
        }
        Ok(Some(changes))
    }

    /// The changes are in the store.
    pub(crate) fn written(&mut self) {
        for key in std::mem::take(&mut self.dirty) {
            match self.groups.entry(key) {
                Entry::Occupied(place) if place.get().rows == 0 => drop(place.remove()),
                Entry::Occupied(mut place) => {
                    place.get_mut().dirty = false;
                    place.get_mut().revision += 1;
                }
                Entry::Vacant(_) => {}
            }
        }
        if self.groups.len() > KEPT {
            self.clear();
        } else if self.pages > KEPT_PAGES {
            self.forget_pages();
        }
    }

    /// Drops the pages that are in memory; the groups stay. Everything must have been written.
    fn forget_pages(&mut self) {
        self.groups.values_mut().for_each(Group::forget_pages);
        self.pages = 0;
    }

    /// Takes another state's groups in: that of another part of the same rows, of which nothing is stored.
    pub(crate) fn merge(&mut self, other: Self) -> Result<(), Trouble> {
        let mut loaded = 0;
        for (key, group) in other.groups {
            match self.groups.entry(key) {
                Entry::Vacant(place) => {
                    self.dirty.push(place.key().clone());
                    place.insert(group);
                }
                Entry::Occupied(mut place) => {
                    let key = place.key().clone();
                    let read: ReadRow<'_> = &mut nothing_is_stored;
                    place.get_mut().merge(group, &mut Stored { key: &key, read, loaded: &mut loaded })?;
                }
            }
        }
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.groups.clear();
        self.waiting.clear();
        self.dirty.clear();
        self.pages = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use watershed_core::{Input, TableSpec};

    use super::*;

    const MEASURES: &[Measure] = &[Measure::Group, Measure::Distinct, Measure::Top { most: 2 }];

    fn state() -> RollupState {
        let table = TableSpec { name: "t".into(), columns: Vec::new().into(), indexes: Vec::new().into() };
        let mut state = RollupState::new(RollupTable::new(table, MEASURES));
        state.place(1, 2);
        state
    }

    fn gives(number: i64) -> Option<Contribution> {
        let input = Input::Number(number.into());
        Some(Contribution { group: vec![Value::Text("g".into())], inputs: vec![input.clone(), input] })
    }

    type Store = BTreeMap<(usize, RowKey), StoredRow>;

    fn write(state: &mut RollupState, store: &mut Store) {
        let mut read = |key: &RowKey| Ok(store.get(&(2, key.clone())).cloned());
        state.settle(&mut read).unwrap();
        let changes: Vec<_> = state.changes(1, &mut read).unwrap().collect();
        for (table, change) in
            changes.into_iter().flat_map(|(table, all)| all.into_iter().map(move |one| (table, one)))
        {
            match change {
                RowChange::Put(row) => drop(store.insert((table, row.key.clone()), row)),
                RowChange::Delete(key) => drop(store.remove(&(table, key))),
            }
        }
        state.written();
    }

    #[test]
    fn pages_that_are_dropped_from_memory_are_read_again() {
        let tenant = Tenant::default();
        let (mut kept, mut dropping) = ((state(), Store::new()), (state(), Store::new()));
        for step in 0..40 {
            for (state, store) in [&mut kept, &mut dropping] {
                for number in 0..50 {
                    state.change(&tenant, None, gives(step * 37 % 40 * 50 + number));
                }
                state.change(&tenant, gives(step * 37 % 40 * 50), None);
                write(state, store);
            }
            dropping.0.forget_pages();
            let contents = |store: &Store| -> Vec<_> {
                store.iter().map(|(place, row)| (place.clone(), format!("{:?}", row.values))).collect()
            };
            assert_eq!(contents(&kept.1), contents(&dropping.1), "{step}");
        }
        assert!(dropping.1.len() > 50);
    }
}
