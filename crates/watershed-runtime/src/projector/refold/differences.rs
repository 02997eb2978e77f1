//! A refold, held against stored rows.

use rustc_hash::{FxHashMap, FxHashSet};
use tokio::runtime::Handle;
use watershed_core::Predicate;
use watershed_core::ports::{RowKey, RowReader, StoredRow};

use super::Refold;
use super::compare::Difference;
use crate::projector::pace::Pace;

/// Rows that are looked up or read at once.
const PAGE: usize = 500;

/// What a refold's rows are held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Against {
    /// All stored rows that are wanted: one that is too many is found as well.
    All,
    /// The stored rows of these keys of the refold alone.
    Named,
}

/// The wanted rows of a model that are not what the refold says. `each` sees every stored row that was come
/// by, and whether it is wanted.
///
/// # Errors
/// Where the store fails.
pub(crate) fn differences(
    refold: &Refold,
    model: usize,
    rows: &dyn RowReader,
    against: Against,
    runtime: &Handle,
    pace: &mut Pace,
    each: &mut dyn FnMut(&StoredRow, bool),
) -> Result<Vec<Difference>, String> {
    let mut different = Vec::new();
    let keys = pace.step(|| refold.keys(model))?;
    if against == Against::Named {
        for keys in keys.chunks(PAGE) {
            let found = || runtime.block_on(rows.rows(model, keys)).map_err(|error| error.to_string());
            let found = pace.step(found)?.into_iter().map(|row| (row.key.clone(), row));
            let mut found: FxHashMap<RowKey, StoredRow> = found.collect();
            for key in keys {
                let stored = found.remove(key);
                stored.iter().for_each(|row| each(row, true));
                different.extend(held_against(refold, model, key, stored)?);
            }
        }
        return Ok(different);
    }
    let mut missing: FxHashSet<RowKey> = keys.into_iter().collect();
    let mut after: Option<RowKey> = None;
    loop {
        let read = || {
            let read = rows.scan(model, &Predicate::All, after.as_ref(), PAGE);
            runtime.block_on(read).map_err(|error| error.to_string())
        };
        let page = pace.step(read)?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        let compare = || {
            for stored in page {
                let is_wanted = refold.wanted().holds(model, &stored.key);
                each(&stored, is_wanted);
                if is_wanted {
                    missing.remove(&stored.key);
                    different.extend(held_against(refold, model, &stored.key.clone(), Some(stored))?);
                }
            }
            Ok(())
        };
        pace.step(compare)?;
    }
    for key in missing {
        different.extend(held_against(refold, model, &key, None)?);
    }
    Ok(different)
}

fn held_against(
    refold: &Refold,
    model: usize,
    key: &RowKey,
    stored: Option<StoredRow>,
) -> Result<Option<Difference>, String> {
    let definition = &refold.definition;
    let young = |row: &StoredRow| !definition.is_past(model, row);
    let (stored, expected) = (stored.filter(young), refold.row(model, key)?.filter(young));
    Ok(Difference::of(&definition.models[model].table, key.clone(), stored, expected))
}
