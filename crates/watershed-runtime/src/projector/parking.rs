//! Parked keys: what waits behind an event that failed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use watershed_core::ports::{ParkedKey, RowKey};
use watershed_core::{Position, Tenant, Timestamp};

use super::model::{ApplyFailure, Lot};

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
    /// Since keys that wait for others were last looked at, keys have been released or have come further.
    look_again: bool,
}

impl Lot for Parked {
    fn holds(&self, row: &ParkedRow, position: Position) -> bool {
        self.keys.get(row).is_some_and(|parked| parked.position <= position)
    }
}

impl Parked {
    pub(crate) fn load(parked: Vec<ParkedKey>) -> Self {
        let mut loaded = Self::default();
        for key in parked {
            let row = (key.table, key.key.clone());
            loaded.plan_retry(&row, key.attempts, &key.fingerprint);
            loaded.keys.insert(row, key);
        }
        // A process that was killed may have released a key, and not what waited for it.
        loaded.look_again = loaded.is_any_waiting();
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

    /// How many keys failed themselves, and do not merely wait for another one.
    pub(crate) fn failed(&self) -> usize {
        self.keys.values().filter(|parked| !ApplyFailure::is_waiting(&parked.fingerprint)).count()
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = &ParkedKey> {
        self.keys.values()
    }

    /// The keys of one model and tenant.
    pub(crate) fn of<'a>(&'a self, model: usize, tenant: &'a Tenant) -> impl Iterator<Item = &'a RowKey> {
        let of = move |(table, key): &&ParkedRow| *table == model && key.tenant == *tenant;
        self.keys.keys().filter(of).map(|(_, key)| key)
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
        self.plan_retry(&row, parked.attempts, &parked.fingerprint);
        if self.keys.insert(row.clone(), parked).is_some() {
            self.look_again |= self.is_any_waiting();
        }
        self.changed.push(row);
    }

    pub(crate) fn release(&mut self, row: &ParkedRow) {
        self.keys.remove(row);
        self.retry_at.remove(row);
        self.changed.retain(|changed| changed != row);
        self.released.push(row.clone());
        self.look_again |= self.is_any_waiting();
    }

    fn is_any_waiting(&self) -> bool {
        self.keys.values().any(|parked| ApplyFailure::is_waiting(&parked.fingerprint))
    }

    fn plan_retry(&mut self, row: &ParkedRow, attempts: u32, fingerprint: &str) {
        let after = usize::try_from(attempts.saturating_sub(1)).ok().and_then(|tried| RETRY_AFTER.get(tried));
        // What waits for another key is tried when that one is released.
        match after.filter(|_| !ApplyFailure::is_waiting(fingerprint)) {
            Some(after) => self.retry_at.insert(row.clone(), Instant::now() + *after),
            None => self.retry_at.remove(row),
        };
    }

    /// When the next key is to be tried again.
    pub(crate) fn next_retry(&self) -> Option<Instant> {
        if self.look_again {
            return Some(Instant::now());
        }
        self.retry_at.values().min().copied()
    }

    /// The keys of the first model that has such, that wait for a row that does not keep them waiting any more. `name` is that of
    /// the model at a place.
    pub(crate) fn freed(&mut self, name: impl Fn(usize) -> &'static str) -> Vec<ParkedRow> {
        if !std::mem::take(&mut self.look_again) {
            return Vec::new();
        }
        let holding: BTreeMap<(&Tenant, String), Position> = self
            .keys
            .iter()
            .map(|((model, key), parked)| {
                ((&key.tenant, ApplyFailure::waits_for(name(*model), &key.key)), parked.position)
            })
            .collect();
        let is_held = |parked: &ParkedKey| {
            let held_by = holding.get(&(&parked.key.tenant, parked.fingerprint.clone()));
            held_by.is_some_and(|holding| *holding <= parked.position)
        };
        let is_freed = |parked: &ParkedKey| ApplyFailure::is_waiting(&parked.fingerprint) && !is_held(parked);
        let mut freed = self.keys.iter().filter(|(_, parked)| is_freed(parked)).peekable();
        let first = freed.peek().map(|((model, _), _)| *model);
        freed.take_while(|((model, _), _)| Some(*model) == first).map(|(row, _)| row.clone()).collect()
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
        self.look_again = all.look_again;
        shared
    }

    /// Takes the keys of a part in again.
    pub(crate) fn take_in(&mut self, part: Self) {
        self.keys.extend(part.keys);
        self.retry_at.extend(part.retry_at);
        self.changed.extend(part.changed);
        self.released.extend(part.released);
        self.look_again |= part.look_again;
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
    use watershed_core::Key;

    use super::*;

    fn row(model: usize, tenant: &str, key: &str) -> ParkedRow {
        (model, RowKey { tenant: Tenant::stored(tenant.into()), key: Key::from(key) })
    }

    fn park(parked: &mut Parked, row: &ParkedRow, position: Position, failure: &ApplyFailure) {
        parked.park(row.clone(), vec![position], failure, Timestamp::from_micros(0));
    }

    fn rejected() -> ApplyFailure {
        ApplyFailure { error: "no".to_owned(), fingerprint: "rejected".to_owned() }
    }

    fn name(model: usize) -> &'static str {
        ["hubs", "lines", "parcels"][model]
    }

    #[test]
    fn a_key_that_failed_five_times_waits_for_an_operator_also_over_a_restart() {
        let row = row(0, "default", "a1");
        let mut parked = Parked::default();
        for tries in 1..=6 {
            parked.park(row.clone(), vec![7, 9], &rejected(), Timestamp::from_micros(0));
            let restarted = Parked::load(parked.changes().0);
            for parked in [&parked, &restarted] {
                assert_eq!(parked.get(&row).map(|parked| parked.attempts), Some(tries));
                assert_eq!(parked.next_retry().is_some(), tries < 5, "after {tries} tries");
            }
        }
    }

    fn only(row: &ParkedRow) -> Vec<ParkedRow> {
        vec![row.clone()]
    }

    #[test]
    fn what_waits_for_a_row_is_freed_with_it_by_its_model_and_tenant_and_also_after_a_restart() {
        let (hub, other, line) = (row(0, "a", "h1"), row(0, "b", "h1"), row(1, "a", "l1"));
        let (parcel, of_other) = (row(2, "a", "p1"), row(1, "b", "l1"));
        let waits = |view, row: &ParkedRow| ApplyFailure::waits(view, &row.1.key);
        let mut parked = Parked::default();
        park(&mut parked, &hub, 3, &rejected());
        park(&mut parked, &other, 4, &rejected());
        park(&mut parked, &line, 5, &waits("hubs", &hub));
        park(&mut parked, &of_other, 5, &waits("hubs", &other));
        park(&mut parked, &parcel, 6, &waits("lines", &line));
        parked.retry_at.clear();
        assert_eq!((parked.freed(name), parked.next_retry()), (vec![], None), "everybody waits");
        assert_eq!(parked.failed(), 2);

        parked.release(&hub);
        assert!(parked.next_retry().is_some_and(|at| at <= Instant::now()), "at once");
        let restarted = Parked::load(parked.all().cloned().collect()).freed(name);
        assert_eq!(restarted, std::slice::from_ref(&line), "a kill came in between");
        assert_eq!(
            parked.freed(name),
            std::slice::from_ref(&line),
            "the other tenant's has not been released"
        );
        parked.release(&line);
        assert_eq!(parked.freed(name), std::slice::from_ref(&parcel));
        park(&mut parked, &other, 5, &rejected());
        assert_eq!(parked.freed(name), only(&parcel), "not yet beyond the event");
        park(&mut parked, &other, 6, &rejected());
        assert_eq!(parked.freed(name), only(&of_other), "the row is known up to there");
    }
}
