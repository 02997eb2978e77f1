//! Parked keys: what waits behind an event that failed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use watershed_core::ports::{ParkedKey, RowKey};
use watershed_core::{Position, Timestamp};

use super::model::ApplyFailure;

/// After how long a parked key is tried again by itself: for failures that pass. Then it waits for an operator.
const RETRY_AFTER: [Duration; 4] =
    [Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30), Duration::from_secs(120)];

/// How often an event has been tried that has just failed. Those that are for operators count as tried often enough.
pub(crate) fn attempts_after(before: u32, failure: &ApplyFailure) -> u32 {
    let enough = u32::try_from(RETRY_AFTER.len()).unwrap_or(0) + 1;
    if failure.is_for_operators() { (before + 1).max(enough) } else { before + 1 }
}

/// The key of a parked row: the model's place in the group, and the row.
pub(crate) type ParkedRow = (usize, RowKey);

/// A group's parked keys, as they are in the store, with the changes that are not there yet.
#[derive(Default)]
pub(crate) struct Parked {
    keys: BTreeMap<ParkedRow, ParkedKey>,
    changed: Vec<ParkedRow>,
    released: Vec<ParkedRow>,
    retry_at: BTreeMap<ParkedRow, Instant>,
}

impl Parked {
    pub(crate) fn load(parked: Vec<ParkedKey>) -> Self {
        let mut loaded = Self::default();
        for key in parked {
            let row = (key.table, key.key.clone());
            loaded.plan_retry(&row, key.attempts);
            loaded.keys.insert(row, key);
        }
        loaded
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The position of the first event that failed; 0 where nothing is parked.
    pub(crate) fn first_position(&self) -> Position {
        self.keys.values().map(|parked| parked.position).min().unwrap_or(0)
    }

    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    pub(crate) fn get(&self, row: &ParkedRow) -> Option<&ParkedKey> {
        self.keys.get(row)
    }

    /// Puts the event behind the others of its key; false where the key is not parked.
    pub(crate) fn wait(&mut self, row: &ParkedRow, position: Position) -> bool {
        let Some(parked) = self.keys.get_mut(row) else {
            return false;
        };
        parked.waiting.push(position);
        self.changed.push(row.clone());
        true
    }

    /// Parks a key with the events that wait, the failed one first.
    pub(crate) fn park(
        &mut self,
        row: ParkedRow,
        waiting: Vec<Position>,
        failure: &ApplyFailure,
        now: Timestamp,
    ) {
        let (since, attempts) =
            self.keys.get(&row).map_or((now, 0), |parked| (parked.since, parked.attempts));
        let parked = ParkedKey {
            table: row.0,
            key: row.1.clone(),
            position: waiting.first().copied().unwrap_or(0),
            waiting,
            error: failure.error.clone(),
            fingerprint: failure.fingerprint.clone(),
            since,
            attempts: attempts_after(attempts, failure),
        };
        self.plan_retry(&row, parked.attempts);
        self.keys.insert(row.clone(), parked);
        self.changed.push(row);
    }

    pub(crate) fn release(&mut self, row: &ParkedRow) {
        self.keys.remove(row);
        self.retry_at.remove(row);
        self.changed.retain(|changed| changed != row);
        self.released.push(row.clone());
    }

    fn plan_retry(&mut self, row: &ParkedRow, attempts: u32) {
        let after = usize::try_from(attempts.saturating_sub(1)).ok().and_then(|tried| RETRY_AFTER.get(tried));
        match after {
            Some(after) => self.retry_at.insert(row.clone(), Instant::now() + *after),
            None => self.retry_at.remove(row),
        };
    }

    /// When the next key is to be tried again.
    pub(crate) fn next_retry(&self) -> Option<Instant> {
        self.retry_at.values().min().copied()
    }

    /// The keys whose time has come.
    pub(crate) fn due(&self, now: Instant) -> Vec<ParkedRow> {
        self.retry_at.iter().filter(|(_, at)| **at <= now).map(|(row, _)| row.clone()).collect()
    }

    /// The changes that the next write makes: keys to park or to change, keys to release.
    pub(crate) fn changes(&self) -> (Vec<ParkedKey>, Vec<ParkedRow>) {
        let mut changed = self.changed.clone();
        changed.sort_unstable();
        changed.dedup();
        let parked = changed.iter().filter_map(|row| self.keys.get(row).cloned()).collect();
        (parked, self.released.iter().filter(|row| !self.keys.contains_key(row)).cloned().collect())
    }

    /// The changes are in the store.
    pub(crate) fn written(&mut self) {
        self.changed.clear();
        self.released.clear();
    }

    /// Shares the parked keys out: each to the part that `part_of` says, of so many. What is parked in one of them meanwhile
    /// comes back with [`Parked::take_in`].
    pub(crate) fn share_out(&mut self, parts: usize, part_of: impl Fn(&RowKey) -> usize) -> Vec<Self> {
        let mut shared: Vec<Self> = (0..parts).map(|_| Self::default()).collect();
        let all = std::mem::take(self);
        for (row, parked) in all.keys {
            shared[part_of(&row.1)].keys.insert(row, parked);
        }
        for (row, at) in all.retry_at {
            shared[part_of(&row.1)].retry_at.insert(row, at);
        }
        for row in all.changed {
            shared[part_of(&row.1)].changed.push(row);
        }
        for row in all.released {
            shared[part_of(&row.1)].released.push(row);
        }
        shared
    }

    /// Takes the keys of a part in again.
    pub(crate) fn take_in(&mut self, part: Self) {
        self.keys.extend(part.keys);
        self.retry_at.extend(part.retry_at);
        self.changed.extend(part.changed);
        self.released.extend(part.released);
    }

    /// How many keys of each of so many tables are parked.
    pub(crate) fn counts(&self, tables: usize) -> Vec<u64> {
        let mut counts = vec![0; tables];
        for (table, _) in self.keys.keys() {
            if let Some(count) = counts.get_mut(*table) {
                *count += 1;
            }
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use watershed_core::{Key, Tenant};

    use super::*;

    #[test]
    fn a_key_that_failed_five_times_waits_for_an_operator_also_over_a_restart() {
        let row: ParkedRow = (0, RowKey { tenant: Tenant::default(), key: Key::from("a1") });
        let failure = ApplyFailure { error: "no".to_owned(), fingerprint: "rejected".to_owned() };
        let mut parked = Parked::default();
        for tries in 1..=6 {
            parked.park(row.clone(), vec![7, 9], &failure, Timestamp::from_micros(0));
            let restarted = Parked::load(parked.changes().0);
            for parked in [&parked, &restarted] {
                assert_eq!(parked.get(&row).map(|parked| parked.attempts), Some(tries));
                assert_eq!(parked.next_retry().is_some(), tries < 5, "after {tries} tries");
            }
        }
    }
}
