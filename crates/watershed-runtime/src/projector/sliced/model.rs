use std::any::{Any, TypeId};

use watershed_core::event::AnyEvent;
use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::read::Neighbours;
use watershed_core::{KeyedBy, Position, Predicate, StoredEvent, Tenant, Timestamp};

use crate::projector::model::{AnyModel, ApplyFailure, HandOn, Touched};
use crate::projector::rollup::RollupState;
use crate::projector::slice::{Slice, share_of};

/// One read model in several parts, each with the rows of a slice of the keys. The rollups are kept by the first part: a group of
/// theirs may be changed by rows of any.
pub(crate) struct Sliced {
    /// In the order of their slices. None while they are lent out.
    parts: Vec<Box<dyn AnyModel>>,
    slices: Vec<Slice>,
    /// The changes that whoever had the parts has gathered from them.
    gathered: Option<Vec<RowChange>>,
}

impl Sliced {
    /// The read model in so many parts, each made with empty hands.
    pub(super) fn of(parts: u16, mut make: impl FnMut() -> Option<Box<dyn AnyModel>>) -> Option<Self> {
        let slices = Slice::parts(parts);
        let parts = slices.iter().map(|_| make()).collect::<Option<Vec<_>>>()?;
        Some(Self { parts, slices, gathered: None })
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.slices.len()
    }

    /// Which part has the row.
    pub(super) fn part_of(&self, key: &RowKey) -> usize {
        let share = share_of(key);
        self.slices.partition_point(|slice| slice.last < share)
    }

    /// The parts, for a while: nobody asks for a row meanwhile.
    pub(super) fn lend(&mut self) -> Vec<Box<dyn AnyModel>> {
        std::mem::take(&mut self.parts)
    }

    /// Takes the parts back, in their order, with the changes that have been gathered from all of them.
    pub(super) fn take_back(&mut self, parts: Vec<Box<dyn AnyModel>>, gathered: Vec<RowChange>) {
        self.parts = parts;
        self.gathered = Some(gathered);
    }

    /// What all parts have in common.
    fn first(&self) -> &dyn AnyModel {
        &*self.parts[0]
    }

    fn part(&self, key: &RowKey) -> &dyn AnyModel {
        &*self.parts[self.part_of(key)]
    }

    fn part_mut(&mut self, key: &RowKey) -> &mut dyn AnyModel {
        let part = self.part_of(key);
        &mut *self.parts[part]
    }

    /// Hands the first part what waits to be taken into the rollups of the others.
    fn gather_rollups(&mut self) {
        let Some((first, others)) = self.parts.split_first_mut() else { return };
        for other in others {
            for (state, other) in first.rollups().iter_mut().zip(other.rollups()) {
                state.take_waiting(other);
            }
        }
    }
}

fn key_of(change: &RowChange) -> &RowKey {
    match change {
        RowChange::Put(row) => &row.key,
        RowChange::Delete(key) => key,
    }
}

impl AnyModel for Sliced {
    fn name(&self) -> &'static str {
        self.first().name()
    }

    fn type_id(&self) -> TypeId {
        self.first().type_id()
    }

    fn keyed_by(&self) -> KeyedBy {
        self.first().keyed_by()
    }

    fn place_tables(&mut self, own: usize, first_rollup: usize, first_values: usize) {
        self.parts.iter_mut().for_each(|part| part.place_tables(own, first_rollup, first_values));
    }

    fn table(&self) -> usize {
        self.first().table()
    }

    fn follows_category(&self, category: &str) -> bool {
        self.first().follows_category(category)
    }

    fn touched(&self, stored: &StoredEvent, event: &AnyEvent) -> Touched {
        self.first().touched(stored, event)
    }

    fn knows(&self, key: &RowKey) -> bool {
        self.part(key).knows(key)
    }

    fn load(&mut self, asked: Vec<RowKey>, rows: Vec<StoredRow>) -> Result<(), String> {
        let mut shared: Vec<(Vec<RowKey>, Vec<StoredRow>)> =
            self.parts.iter().map(|_| (Vec::new(), Vec::new())).collect();
        for key in asked {
            shared[self.part_of(&key)].0.push(key);
        }
        for row in rows {
            shared[self.part_of(&row.key)].1.push(row);
        }
        self.parts.iter_mut().zip(shared).try_for_each(|(part, (asked, rows))| part.load(asked, rows))
    }

    fn apply(
        &mut self,
        key: &RowKey,
        stored: &StoredEvent,
        event: &AnyEvent,
        neighbours: &dyn Neighbours,
    ) -> Result<(), ApplyFailure> {
        self.part_mut(key).apply(key, stored, event, neighbours)
    }

    fn forget(&mut self, key: &RowKey) {
        self.part_mut(key).forget(key);
    }

    fn expire(&mut self, key: &RowKey, until: Timestamp) -> bool {
        self.part_mut(key).expire(key, until)
    }

    fn drop_past(&mut self, until: Timestamp) {
        self.parts.iter_mut().for_each(|part| part.drop_past(until));
    }

    fn row(&self, key: &RowKey, at: Timestamp) -> Option<&dyn Any> {
        self.part(key).row(key, at)
    }

    fn stored_row(&self, key: &RowKey) -> Result<Option<StoredRow>, String> {
        self.part(key).stored_row(key)
    }

    fn read(&self, stored: StoredRow) -> Result<Box<dyn Any>, String> {
        self.first().read(stored)
    }

    fn position_of(&self, key: &RowKey) -> Option<Position> {
        self.part(key).position_of(key)
    }

    fn replace(&mut self, key: &RowKey, row: Option<StoredRow>) -> Result<(), String> {
        self.part_mut(key).replace(key, row)
    }

    fn fulfils(&self, key: &RowKey, predicate: &Predicate) -> Result<bool, String> {
        self.part(key).fulfils(key, predicate)
    }

    fn matching(&self, tenant: Option<&Tenant>, predicate: &Predicate) -> Result<Vec<RowKey>, String> {
        let mut keys = Vec::new();
        for part in &self.parts {
            keys.append(&mut part.matching(tenant, predicate)?);
        }
        keys.sort_unstable();
        Ok(keys)
    }

    fn changes(&mut self) -> Result<Vec<RowChange>, String> {
        let mut changes = match self.gathered.take() {
            Some(gathered) => gathered,
            None => {
                let mut changes = Vec::new();
                for part in &mut self.parts {
                    changes.append(&mut part.changes()?);
                }
                changes
            }
        };
        self.gather_rollups();
        // Each part's are in their order, which this way of sorting makes use of. A store writes them fastest in the order of keys.
        changes.sort_by(|left, right| key_of(left).cmp(key_of(right)));
        Ok(changes)
    }

    fn rollups(&mut self) -> &mut [RollupState] {
        self.parts[0].rollups()
    }

    fn written(&mut self, most: Option<usize>) {
        // Together they keep as many rows as one would.
        let most = most.map(|most| most / self.parts.len().max(1));
        self.parts.iter_mut().for_each(|part| part.written(most));
    }

    fn clear(&mut self) {
        self.gathered = None;
        self.parts.iter_mut().for_each(|part| part.clear());
    }

    fn footprint(&self) -> usize {
        self.parts.iter().map(|part| part.footprint()).sum()
    }

    fn keep_slice(&mut self, slice: Slice) {
        self.parts.iter_mut().for_each(|part| part.keep_slice(slice));
    }

    fn drain(&mut self, chunk: usize, hand_on: HandOn<'_>) -> Result<(), String> {
        self.parts.iter_mut().try_for_each(|part| part.drain(chunk, hand_on))?;
        let Some((first, others)) = self.parts.split_first_mut() else { return Ok(()) };
        for other in others {
            for (state, other) in first.rollups().iter_mut().zip(other.take_rollups()) {
                state.merge(other).map_err(|trouble| trouble.to_string())?;
            }
        }
        Ok(())
    }

    fn take_rollups(&mut self) -> Vec<RollupState> {
        self.parts[0].take_rollups()
    }

    fn as_sliced(&mut self) -> Option<&mut Sliced> {
        Some(self)
    }
}
