//! What has to be written for a refold's rows to be the stored ones.

use serde::Serialize;
use tokio::runtime::Handle;
use watershed_core::Position;
use watershed_core::ports::{RowChange, RowReader, StoredRow};

use super::compare::Difference;
use super::regroup::Instead;
use super::{Against, Refold, differences, regroup};
use crate::projector::model::ApplyFailure;
use crate::projector::pace::Pace;
use crate::projector::parking::ParkedRow;

/// What was put right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Mended {
    /// Rows that were folded again.
    pub refolded: u64,
    /// Rows that were not what the log says, and are now.
    pub rows: u64,
    /// Groups of rollups that were not what the rows say, and are now.
    pub groups: u64,
    /// Keys that were parked, and are so no more.
    pub released: u64,
    /// Keys whose event failed to apply again, or for the first time.
    pub parked: u64,
}

impl Mended {
    pub(crate) fn add(&mut self, other: &Self) {
        self.refolded += other.refolded;
        self.rows += other.rows;
        self.groups += other.groups;
        self.released += other.released;
        self.parked += other.parked;
    }
}

/// What has to be written.
#[derive(Default)]
pub(super) struct Plan {
    pub(super) changes: Vec<(usize, Vec<RowChange>)>,
    pub(super) park: Vec<(ParkedRow, Vec<Position>, ApplyFailure)>,
    pub(super) release: Vec<ParkedRow>,
    /// The rows that have been folded again.
    pub(super) looked_at: Vec<ParkedRow>,
    pub(super) mended: Mended,
}

/// Holds the refold against the stored rows, which are as of the same position. `rollups`: also where no row has to change.
pub(super) fn plan(
    refold: &Refold,
    rows: &dyn RowReader,
    runtime: &Handle,
    rollups: bool,
    is_parked: &dyn Fn(&ParkedRow) -> bool,
) -> Result<Plan, String> {
    let mut plan = Plan::default();
    let pace = &mut Pace::free();
    for model in refold.models() {
        let mut stored_keys = Vec::new();
        let against = if refold.wanted().named().is_some() { Against::Named } else { Against::All };
        let mut each = |row: &StoredRow, is_wanted| {
            if is_wanted {
                stored_keys.push(row.key.clone());
            }
        };
        let different = differences(refold, model, rows, against, runtime, pace, &mut each)?;
        let mut keys = refold.keys(model)?;
        keys.extend(stored_keys);
        keys.sort_unstable();
        keys.dedup();
        plan.mended.refolded += keys.len() as u64;
        plan.mended.rows += different.len() as u64;
        for key in keys {
            let row = (model, key);
            match refold.held(model, &row.1) {
                Some(held) => {
                    if let Some(failure) = &held.failure {
                        plan.park.push((row.clone(), held.waiting.clone(), failure.clone()));
                    }
                }
                None if is_parked(&row) => plan.release.push(row.clone()),
                None => {}
            }
            plan.looked_at.push(row);
        }
        if rollups || !different.is_empty() {
            let instead: Instead =
                different.iter().map(|row| (row.key.clone(), row.expected.clone())).collect();
            let position = refold.position();
            for found in regroup(&refold.definition, model, rows, &instead, position, runtime, pace)? {
                if found.table == found.rollup {
                    plan.mended.groups += found.different.len() as u64;
                }
                plan.put(found.table, found.different, position);
            }
        }
        plan.put(model, different, refold.position());
    }
    (plan.mended.released, plan.mended.parked) = (plan.release.len() as u64, plan.park.len() as u64);
    Ok(plan)
}

impl Plan {
    fn put(&mut self, table: usize, different: Vec<Difference>, position: Position) {
        if different.is_empty() {
            return;
        }
        let change = |difference: Difference| match difference.expected {
            None => RowChange::Delete(difference.key),
            Some(expected) => {
                // Whoever has seen the wrong row has to see that this is another one. No row has changed more often than
                // there are events: a revision beyond that was not written by us.
                let seen = difference.stored.map_or(0, |stored| stored.revision.min(position));
                RowChange::Put(StoredRow { revision: expected.revision.max(seen + 1), ..expected })
            }
        };
        self.changes.push((table, different.into_iter().map(change).collect()));
    }
}
