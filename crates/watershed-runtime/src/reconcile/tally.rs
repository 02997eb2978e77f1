//! Whole tables in a few bytes: for each share of the keys, how many rows there are, and a sum of hashes of them.

use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHasher;
use watershed_core::Value;
use watershed_core::ports::{Checkpoint, Later, Loader, ParkedKey, RowError, RowKey, StoredRow};

use crate::projector::{GroupDefinition, SHARES, share_of};

/// One table's rows.
#[derive(Clone)]
pub(super) struct Tally(Box<[(u64, u64)]>);

impl Tally {
    pub(super) fn new() -> Self {
        Self(vec![(0, 0); SHARES.into()].into())
    }

    pub(super) fn add(&mut self, row: &StoredRow) {
        let (rows, sum) = &mut self.0[usize::from(share_of(&row.key))];
        *rows += 1;
        *sum = sum.wrapping_add(hash(row));
    }

    pub(super) fn rows(&self) -> u64 {
        self.0.iter().map(|(rows, _)| rows).sum()
    }

    /// How many rows are in a share.
    pub(super) fn rows_in(&self, share: u16) -> u64 {
        self.0[usize::from(share)].0
    }

    /// The shares in which the two differ.
    pub(super) fn differs<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u16> + 'a {
        (0..SHARES).filter(|share| self.0[usize::from(*share)] != other.0[usize::from(*share)])
    }
}

/// A hash of what the row is: not of when it changed.
fn hash(row: &StoredRow) -> u64 {
    let mut hasher = FxHasher::default();
    row.key.tenant.as_str().hash(&mut hasher);
    row.key.key.as_str().hash(&mut hasher);
    row.shown.hash(&mut hasher);
    for value in &row.values {
        std::mem::discriminant(value).hash(&mut hasher);
        match value {
            Value::Null => {}
            Value::Bool(value) => value.hash(&mut hasher),
            Value::Int(value) => value.hash(&mut hasher),
            Value::Real(value) => value.to_bits().hash(&mut hasher),
            Value::Decimal(value) => value.hash(&mut hasher),
            Value::Text(text) | Value::Json(text) => text.hash(&mut hasher),
            Value::Timestamp(instant) => instant.as_micros().hash(&mut hasher),
        }
    }
    // Stirred, so that what two rows exchange does not cancel out in a sum (the finalizer of SplitMix64).
    let mut mixed = hasher.finish();
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// What a fold of a whole group came to.
pub(super) struct Folded {
    /// By model.
    pub(super) tallies: Vec<Tally>,
    /// The groups of the rollups, by the place of their table.
    pub(super) groups: BTreeMap<usize, BTreeMap<RowKey, StoredRow>>,
    /// What it parks.
    pub(super) parked: Vec<ParkedKey>,
}

/// Takes a fold's rows as a loader would, and keeps no more of them than a tally.
pub(super) struct Tallying {
    definition: Arc<GroupDefinition>,
    folded: Arc<Mutex<Folded>>,
}

impl Tallying {
    /// For a group; what is taken shows in the second.
    pub(super) fn new(definition: Arc<GroupDefinition>) -> (Self, Arc<Mutex<Folded>>) {
        let tallies = vec![Tally::new(); definition.models.len()];
        let folded = Arc::new(Mutex::new(Folded { tallies, groups: BTreeMap::new(), parked: Vec::new() }));
        (Self { definition, folded: folded.clone() }, folded)
    }
}

impl Loader for Tallying {
    fn add<'a>(&'a mut self, table: usize, rows: Vec<StoredRow>) -> Later<'a, Result<(), RowError>> {
        let mut folded = self.folded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = folded.tallies.get_mut(table) {
            rows.iter().filter(|row| !self.definition.is_past(table, row)).for_each(|row| tally.add(row));
        } else {
            let groups = folded.groups.entry(table).or_default();
            groups.extend(rows.into_iter().map(|row| (row.key.clone(), row)));
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn finish(
        self: Box<Self>,
        parked: Vec<ParkedKey>,
        _: Checkpoint,
    ) -> Later<'static, Result<(), RowError>> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner).parked = parked;
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use watershed_core::{Key, Tenant};

    use super::*;

    fn row(key: &str, number: i64) -> StoredRow {
        let key = RowKey { tenant: Tenant::default(), key: Key::from(key) };
        StoredRow { key, values: vec![Value::Int(number)], position: 1, revision: 1, shown: true }
    }

    #[test]
    fn rows_that_exchange_what_they_hold_do_not_cancel_out() {
        let tally = |rows: &[StoredRow]| {
            let mut tally = Tally::new();
            // All in one share, as it may be.
            rows.iter().for_each(|row| {
                tally.0[0].0 += 1;
                tally.0[0].1 = tally.0[0].1.wrapping_add(hash(row));
            });
            tally
        };
        let honest = tally(&[row("a", 1), row("b", 2), row("c", 3)]);
        for rows in [
            [row("a", 2), row("b", 1), row("c", 3)],
            [row("b", 1), row("a", 2), row("c", 3)],
            [row("a", 2), row("b", 2), row("c", 2)],
            [row("a", 1), row("b", 2), StoredRow { shown: false, ..row("c", 3) }],
        ] {
            assert_eq!(tally(&rows).differs(&honest).count(), 1, "{rows:?}");
        }
        let later = StoredRow { position: 9, revision: 4, ..row("c", 3) };
        assert_eq!(tally(&[later, row("a", 1), row("b", 2)]).differs(&honest).count(), 0);
    }
}
