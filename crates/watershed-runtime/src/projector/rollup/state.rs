use rustc_hash::FxHashMap;
use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::{Contribution, Measure, Position, Tenant, Value};

use super::group::{Group, State};
use super::table::RollupTable;

/// The groups of one rollup that are in memory, and the changes that wait to be taken in.
pub(crate) struct RollupState {
    table: RollupTable,
    groups: FxHashMap<RowKey, Group>,
    waiting: Vec<(Tenant, Option<Contribution>, Option<Contribution>)>,
}

/// Groups that are kept in memory between batches.
const KEPT: usize = 50_000;

impl RollupState {
    pub(crate) fn new(table: RollupTable) -> Self {
        Self { table, groups: FxHashMap::default(), waiting: Vec::new() }
    }

    /// A row gave `old` and now gives `new`.
    pub(crate) fn change(&mut self, tenant: &Tenant, old: Option<Contribution>, new: Option<Contribution>) {
        if old != new {
            self.waiting.push((tenant.clone(), old, new));
        }
    }

    /// The groups that waiting changes are about and that are not in memory.
    pub(crate) fn missing(&self) -> Vec<RowKey> {
        let mut missing: Vec<RowKey> = self
            .waiting
            .iter()
            .flat_map(|(tenant, old, new)| {
                old.iter().chain(new).map(move |contribution| (tenant, contribution))
            })
            .map(|(tenant, contribution)| self.key(tenant, contribution))
            .filter(|key| !self.groups.contains_key(key))
            .collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }

    fn key(&self, tenant: &Tenant, contribution: &Contribution) -> RowKey {
        RowKey { tenant: tenant.clone(), key: self.table.group_key(&contribution.group) }
    }

    /// Takes stored groups into memory.
    pub(crate) fn load(&mut self, rows: Vec<StoredRow>) -> Result<(), String> {
        for row in rows {
            let state = match row.values.last() {
                Some(Value::Json(text)) => serde_json::from_str(text).map_err(|error| error.to_string())?,
                other => {
                    return Err(format!("rollup `{}`: no state, but {other:?}", self.table.spec().name));
                }
            };
            let State(rows, accumulators) = state;
            let measures = self.table.measures.iter();
            let group_columns =
                row.values.into_iter().zip(measures).filter(|(_, measure)| **measure == Measure::Group);
            let group = Group {
                group: group_columns.map(|(value, _)| value).collect(),
                rows,
                accumulators,
                revision: row.revision,
                dirty: false,
            };
            self.groups.insert(row.key, group);
        }
        Ok(())
    }

    /// Takes the waiting changes into their groups. Groups that are not in memory by now are new.
    pub(crate) fn settle(&mut self) {
        for (tenant, old, new) in std::mem::take(&mut self.waiting) {
            if let Some(old) = old {
                self.take(&tenant, &old, -1);
            }
            if let Some(new) = new {
                self.take(&tenant, &new, 1);
            }
        }
    }

    fn take(&mut self, tenant: &Tenant, contribution: &Contribution, sign: i64) {
        let key = self.key(tenant, contribution);
        let measures = self.table.measures;
        let group =
            self.groups.entry(key).or_insert_with(|| Group::new(contribution.group.clone(), measures));
        group.take(contribution, sign);
    }

    /// The rows of the groups that have changed. They stay marked until [`RollupState::written`].
    pub(crate) fn changes(&self, position: Position) -> Vec<RowChange> {
        let mut changes: Vec<_> = self
            .groups
            .iter()
            .filter(|(_, group)| group.dirty)
            .map(|(key, group)| {
                if group.rows == 0 {
                    return RowChange::Delete(key.clone());
                }
                RowChange::Put(StoredRow {
                    key: key.clone(),
                    values: group.values(&self.table),
                    position,
                    revision: group.revision + 1,
                    shown: true,
                })
            })
            .collect();
        changes.sort_unstable_by(|left, right| key_of(left).cmp(key_of(right)));
        changes
    }

    /// The changes are in the store.
    pub(crate) fn written(&mut self) {
        self.groups.retain(|_, group| group.rows != 0 || !group.dirty);
        for group in self.groups.values_mut().filter(|group| group.dirty) {
            group.dirty = false;
            group.revision += 1;
        }
        if self.groups.len() > KEPT {
            self.groups.clear();
        }
    }

    /// Takes another state's groups in: that of another part of the same rows.
    pub(crate) fn merge(&mut self, other: Self) {
        for (key, group) in other.groups {
            match self.groups.entry(key) {
                std::collections::hash_map::Entry::Vacant(place) => {
                    place.insert(group);
                }
                std::collections::hash_map::Entry::Occupied(mut place) => {
                    place.get_mut().merge(group);
                }
            }
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.groups.clear();
        self.waiting.clear();
    }
}

fn key_of(change: &RowChange) -> &RowKey {
    match change {
        RowChange::Put(row) => &row.key,
        RowChange::Delete(key) => key,
    }
}
