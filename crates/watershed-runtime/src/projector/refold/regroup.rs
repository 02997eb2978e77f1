//! The groups of rollups, made anew of the stored rows.

use std::collections::BTreeMap;

use tokio::runtime::Handle;
use watershed_core::ports::{RowChange, RowKey, RowReader, StoredRow};
use watershed_core::{Position, Predicate};

use super::compare::Difference;
use crate::projector::GroupDefinition;
use crate::projector::pace::Pace;

/// Rows that are read at once.
const PAGE: usize = 1_000;

/// What rows are to be in place of the stored ones; none for a row that is to go.
pub(crate) type Instead = BTreeMap<RowKey, Option<StoredRow>>;

/// Where a table of a rollup is not what the rows make of it.
pub(crate) struct Regrouped {
    /// The place of the rollup's own table.
    pub(crate) rollup: usize,
    /// The place of the table: the rollup's own, or that of its groups' values.
    pub(crate) table: usize,
    pub(crate) different: Vec<Difference>,
}

/// Where the groups of a model's rollups are not what its rows make of them.
///
/// # Errors
/// Where the store fails.
pub(crate) fn regroup(
    definition: &GroupDefinition,
    model: usize,
    rows: &dyn RowReader,
    instead: &Instead,
    position: Position,
    runtime: &Handle,
    pace: &mut Pace,
) -> Result<Vec<Regrouped>, String> {
    let model_definition = &definition.models[model];
    if model_definition.rollups.is_empty() {
        return Ok(Vec::new());
    }
    // Of the group's models, so that the rollups know their tables.
    let mut fresh = definition.make_models().swap_remove(model);
    let mut take = |rows: Vec<StoredRow>| {
        for row in rows {
            // A row that cannot be read is in no group; that it cannot be is found where rows are compared.
            let _ = fresh.load(Vec::new(), vec![row]);
        }
        fresh.drain(PAGE, &mut |_| Ok(()))
    };
    let mut after: Option<RowKey> = None;
    loop {
        let page = pace.hold(|| read(rows, model, after.as_ref(), runtime))?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        pace.hold(|| take(page.into_iter().filter(|row| !instead.contains_key(&row.key)).collect()))?;
    }
    take(instead.values().flatten().cloned().collect())?;
    let specs: Vec<_> = definition.tables().collect();
    let mut all = Vec::new();
    for mut rollup in fresh.take_rollups() {
        let own = rollup.table();
        let values = definition.values().find(|(_, of)| *of == own).map(|(values, _)| values);
        let mut expected: BTreeMap<usize, BTreeMap<RowKey, StoredRow>> = BTreeMap::new();
        while let Some(changes) = rollup.next_new(position).map_err(|trouble| trouble.to_string())? {
            for (table, changes) in changes {
                let rows = changes.into_iter().filter_map(|change| match change {
                    RowChange::Put(row) => Some((row.key.clone(), row)),
                    RowChange::Delete(_) => None,
                });
                expected.entry(table).or_default().extend(rows);
            }
        }
        for table in std::iter::once(own).chain(values) {
            let expected = expected.remove(&table).unwrap_or_default();
            let different = against(rows, table, specs[table], expected, runtime, pace)?;
            all.push(Regrouped { rollup: own, table, different });
        }
    }
    Ok(all)
}

fn read(
    rows: &dyn RowReader,
    table: usize,
    after: Option<&RowKey>,
    runtime: &Handle,
) -> Result<Vec<StoredRow>, String> {
    runtime.block_on(rows.scan(table, &Predicate::All, after, PAGE)).map_err(|error| error.to_string())
}

/// Where a table's stored rows are not the expected ones.
pub(crate) fn against(
    rows: &dyn RowReader,
    table: usize,
    spec: &watershed_core::TableSpec,
    mut expected: BTreeMap<RowKey, StoredRow>,
    runtime: &Handle,
    pace: &mut Pace,
) -> Result<Vec<Difference>, String> {
    let mut different = Vec::new();
    let mut after: Option<RowKey> = None;
    loop {
        let page = pace.hold(|| read(rows, table, after.as_ref(), runtime))?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        for stored in page {
            let expected = expected.remove(&stored.key);
            different.extend(Difference::of(spec, stored.key.clone(), Some(stored), expected));
        }
    }
    different.extend(expected.into_iter().map(|(key, row)| Difference {
        key,
        stored: None,
        expected: Some(row),
    }));
    Ok(different)
}
