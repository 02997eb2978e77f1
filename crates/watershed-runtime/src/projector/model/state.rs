use std::any::{Any, TypeId};
use std::collections::hash_map::Entry;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use watershed_core::event::AnyEvent;
use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::read::Neighbours;
use watershed_core::{
    Contribution, Handler, Key, KeyedBy, Keys, Position, Predicate, ReadModel, Slot, StoredEvent, TableSpec,
    Tenant, Timestamp, Value,
};

use super::failure::{failure, kind_of, panic_text};
use super::{AnyModel, ApplyFailure, HandOn, Touched};
use crate::projector::RollupDefinition;
use crate::projector::age::{Age, changed_at, table_of};
use crate::projector::rollup::{RollupState, nothing_is_stored};
use crate::projector::slice::{Slice, share_of};
use crate::projector::stuck::{Known, in_turn};

/// Of how many rows one is measured, to know what they take together.
const MEASURED_ONE_IN: usize = 64;

struct Cell<R> {
    row: Option<R>,
    position: Position,
    revision: u64,
    /// When the event there was recorded.
    changed_at: Timestamp,
    /// Changed since the last write; then, what the stored row gave to each rollup.
    before: Option<Vec<Option<Contribution>>>,
    /// Whether the store has a row with this key.
    is_stored: bool,
}

impl<R> Cell<R> {
    fn empty() -> Self {
        let changed_at = Timestamp::from_micros(0);
        Self { row: None, position: 0, revision: 0, changed_at, before: None, is_stored: false }
    }
}

impl<R> Cell<R> {
    /// Whether there is a row that is past its age by then.
    fn is_past(&self, age: Option<Age>, now: Timestamp) -> bool {
        self.row.is_some() && age.is_some_and(|age| age.is_past(self.changed_at, now))
    }
}

/// The fold of `R`.
pub(crate) struct ModelState<R> {
    known: Arc<Known>,
    age: Option<Age>,
    handlers: Vec<Handler<R>>,
    by_name: FxHashMap<&'static str, usize>,
    rollups: Vec<RollupDefinition<R>>,
    rollup_states: Vec<RollupState>,
    spec: TableSpec,
    table: usize,
    /// Each on its own: the table then takes little room for keys that it may still hold, and is soon gone through.
    cells: FxHashMap<RowKey, Box<Cell<R>>>,
    dirty: Vec<RowKey>,
    measured_bytes: usize,
    measured_rows: usize,
}

impl<R: ReadModel> ModelState<R> {
    pub(crate) fn new(known: Arc<Known>, rollups: Vec<RollupDefinition<R>>) -> Self {
        let handlers = R::handlers();
        let by_name = handlers
            .iter()
            .enumerate()
            .flat_map(|(place, handler)| handler.kinds.iter().map(move |kind| (kind.name, place)))
            .collect();
        let rollup_states = rollups.iter().map(|rollup| RollupState::new(rollup.table.clone())).collect();
        Self {
            known,
            age: Age::of(&R::CONTRACT),
            handlers,
            by_name,
            rollups,
            rollup_states,
            spec: table_of::<R>(),
            table: 0,
            cells: FxHashMap::default(),
            dirty: Vec::new(),
            measured_bytes: 0,
            measured_rows: 0,
        }
    }

    fn handler(&self, name: &str) -> Option<&Handler<R>> {
        self.by_name.get(name).map(|place| &self.handlers[*place])
    }

    /// The contents of the row's columns in its table.
    fn contents(age: Option<Age>, cell: &Cell<R>, row: &R) -> Result<Vec<Value>, String> {
        let mut values = row.to_values().map_err(|error| error.to_string())?;
        if age.is_some() {
            values.push(Value::Timestamp(cell.changed_at));
        }
        Ok(values)
    }

    /// A row of its table, and when it was last changed, where that is known.
    fn read_stored(&self, mut values: Vec<Value>) -> Result<(R, Timestamp), String> {
        let changed_at = changed_at(&values).filter(|_| self.age.is_some());
        values.truncate(R::COLUMNS.len());
        let row = R::from_values(values).map_err(|error| format!("{}: {error}", R::NAME))?;
        Ok((row, changed_at.unwrap_or(Timestamp::from_micros(0))))
    }

    /// Whether there is a row that fulfils the condition.
    fn holds(&self, cell: &Cell<R>, predicate: &Predicate) -> Result<bool, String> {
        let Some(row) = &cell.row else { return Ok(false) };
        Ok(predicate.holds(&self.spec, &Self::contents(self.age, cell, row)?))
    }

    fn to_stored(age: Option<Age>, key: &RowKey, cell: &Cell<R>) -> Result<Option<StoredRow>, String> {
        let Some(row) = &cell.row else { return Ok(None) };
        Ok(Some(StoredRow {
            key: key.clone(),
            values: Self::contents(age, cell, row)?,
            position: cell.position,
            revision: cell.revision,
            shown: row.is_shown(),
        }))
    }

    /// What a row takes in memory, measured on a sample: contents, key, and the tables around them.
    fn measure(&mut self, key: &RowKey) {
        if !self.cells.len().is_multiple_of(MEASURED_ONE_IN) {
            return;
        }
        if let Some(row) = self.cells.get(key).and_then(|cell| cell.row.as_ref()) {
            let contents: usize = row.to_values().unwrap_or_default().iter().map(heap_bytes).sum();
            self.measured_bytes += contents
                + key.key.as_str().len()
                + size_of::<Cell<R>>()
                + 2 * size_of::<(RowKey, usize)>()
                + 48;
            self.measured_rows += 1;
        }
    }
}

fn heap_bytes(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Json(text) => text.len() + 24,
        _ => 0,
    }
}

fn contributions<R: ReadModel>(
    rollups: &[RollupDefinition<R>],
    row: Option<&R>,
) -> Vec<Option<Contribution>> {
    let shown = row.filter(|row| row.is_shown());
    rollups.iter().map(|rollup| shown.and_then(rollup.contribution)).collect()
}

/// Takes what waits into groups that are made anew.
fn settle_new(states: &mut [RollupState]) -> Result<(), String> {
    let settled = states.iter_mut().try_for_each(|state| state.settle(&mut nothing_is_stored));
    settled.map_err(|trouble| trouble.to_string())
}

impl<R: ReadModel> AnyModel for ModelState<R> {
    fn name(&self) -> &'static str {
        R::NAME
    }

    fn type_id(&self) -> TypeId {
        TypeId::of::<R>()
    }

    fn keyed_by(&self) -> KeyedBy {
        R::KEYED_BY
    }

    fn place_tables(&mut self, own: usize, first_rollup: usize, mut next_values: usize) {
        self.table = own;
        for (place, rollup) in self.rollup_states.iter_mut().enumerate() {
            next_values = rollup.place(first_rollup + place, next_values);
        }
    }

    fn table(&self) -> usize {
        self.table
    }

    fn follows_category(&self, category: &str) -> bool {
        self.handlers.iter().any(|handler| handler.category == category)
    }

    fn touched(&self, stored: &StoredEvent, event: &AnyEvent) -> Touched {
        let Some(handler) = self.handler(&stored.name) else {
            return Touched::None;
        };
        if R::KEYED_BY == KeyedBy::Stream {
            return Touched::One(Key::from(&stored.stream.id));
        }
        match (handler.keys)(event) {
            Keys::None => Touched::None,
            Keys::Stream => Touched::One(Key::from(&stored.stream.id)),
            Keys::One(key) => Touched::One(key),
            Keys::Many(mut keys) => {
                keys.sort_unstable();
                keys.dedup();
                Touched::Many(keys)
            }
            Keys::Matching(filter) => {
                let predicate = filter.into_predicate();
                Touched::Matching(match self.age {
                    None => predicate,
                    Some(age) => age.young(predicate, stored.recorded_at),
                })
            }
        }
    }

    fn knows(&self, key: &RowKey) -> bool {
        self.cells.contains_key(key)
    }

    fn load(&mut self, asked: Vec<RowKey>, rows: Vec<StoredRow>) -> Result<(), String> {
        for stored in rows {
            let (position, revision) = (stored.position, stored.revision);
            let (row, changed_at) = self.read_stored(stored.values)?;
            let cell = Cell { row: Some(row), position, revision, changed_at, before: None, is_stored: true };
            self.cells.insert(stored.key, Box::new(cell));
        }
        for key in asked {
            self.cells.entry(key).or_insert_with(|| Box::new(Cell::empty()));
        }
        Ok(())
    }

    fn apply(
        &mut self,
        key: &RowKey,
        stored: &StoredEvent,
        event: &AnyEvent,
        neighbours: &dyn Neighbours,
    ) -> Result<(), ApplyFailure> {
        let Some(apply) = self.handler(&stored.name).map(|handler| handler.apply) else {
            return Ok(());
        };
        if let Some(failure) = self.known.failure(key, &stored.name, stored.position) {
            return Err(failure);
        }
        let fold = self.known.fold(key, stored.position);
        let (cell, is_new) = match self.cells.entry(key.clone()) {
            Entry::Occupied(place) => (place.into_mut(), false),
            Entry::Vacant(place) => (place.insert(Box::new(Cell::empty())), true),
        };
        let before = match &cell.before {
            None => Some(contributions(&self.rollups, cell.row.as_ref())),
            Some(_) => None,
        };
        let is_past = cell.is_past(self.age, stored.recorded_at);
        if is_past {
            cell.row = None;
        }
        let mut slot = Slot::new(&key.key, &mut cell.row, neighbours);
        // A fold that panics must not take the others down; whatever it left half-changed is read again by whoever calls.
        let applied =
            in_turn(fold, || std::panic::catch_unwind(AssertUnwindSafe(|| apply(&mut slot, event))));
        let changed = slot.is_changed() || is_past;
        match applied {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(failure(&stored.name, kind_of(&error), error.to_string())),
            Err(panic) => return Err(failure(&stored.name, "panic", panic_text(&*panic))),
        }
        if changed {
            cell.position = stored.position;
            cell.changed_at = stored.recorded_at;
            cell.revision += 1;
            if let Some(before) = before {
                cell.before = Some(before);
                self.dirty.push(key.clone());
            }
        }
        if is_new {
            self.measure(key);
        }
        Ok(())
    }

    fn forget(&mut self, key: &RowKey) {
        self.cells.remove(key);
    }

    fn expire(&mut self, key: &RowKey, until: Timestamp) -> bool {
        let Some(cell) = self.cells.get_mut(key) else { return false };
        if cell.row.is_none() || cell.changed_at > until {
            return false;
        }
        if cell.before.is_none() {
            cell.before = Some(contributions(&self.rollups, cell.row.as_ref()));
            self.dirty.push(key.clone());
        }
        cell.row = None;
        true
    }

    fn drop_past(&mut self, until: Timestamp) {
        self.cells.retain(|_, cell| cell.changed_at > until);
    }

    fn row(&self, key: &RowKey, at: Timestamp) -> Option<&dyn Any> {
        let cell = self.cells.get(key).filter(|cell| !cell.is_past(self.age, at));
        cell.and_then(|cell| cell.row.as_ref()).map(|row| row as &dyn Any)
    }

    fn read(&self, stored: StoredRow) -> Result<Box<dyn Any>, String> {
        Ok(Box::new(self.read_stored(stored.values)?.0))
    }

    fn stored_row(&self, key: &RowKey) -> Result<Option<StoredRow>, String> {
        self.cells.get(key).map_or(Ok(None), |cell| Self::to_stored(self.age, key, cell))
    }

    fn position_of(&self, key: &RowKey) -> Option<Position> {
        self.cells.get(key).filter(|cell| cell.row.is_some()).map(|cell| cell.position)
    }

    fn replace(&mut self, key: &RowKey, row: Option<StoredRow>) -> Result<(), String> {
        let row = match row {
            Some(stored) => Some((stored.position, stored.revision, self.read_stored(stored.values)?)),
            None => None,
        };
        let cell = self.cells.entry(key.clone()).or_insert_with(|| Box::new(Cell::empty()));
        if cell.before.is_none() {
            cell.before = Some(contributions(&self.rollups, cell.row.as_ref()));
            self.dirty.push(key.clone());
        }
        cell.row = None;
        if let Some((position, revision, (row, changed_at))) = row {
            (cell.row, cell.changed_at) = (Some(row), changed_at);
            (cell.position, cell.revision) = (position, revision);
        }
        Ok(())
    }

    fn fulfils(&self, key: &RowKey, predicate: &Predicate) -> Result<bool, String> {
        self.cells.get(key).map_or(Ok(false), |cell| self.holds(cell, predicate))
    }

    fn matching(&self, tenant: Option<&Tenant>, predicate: &Predicate) -> Result<Vec<RowKey>, String> {
        let mut keys = Vec::new();
        let of = self.cells.iter().filter(|(key, _)| tenant.is_none_or(|tenant| key.tenant == *tenant));
        for (key, cell) in of {
            if self.holds(cell, predicate)? {
                keys.push(key.clone());
            }
        }
        keys.sort_unstable();
        Ok(keys)
    }

    fn changes(&mut self) -> Result<Vec<RowChange>, String> {
        let mut changes = Vec::with_capacity(self.dirty.len());
        self.dirty.sort_unstable();
        self.dirty.dedup();
        for key in &self.dirty {
            let Some(cell) = self.cells.get_mut(key) else {
                continue;
            };
            // Taken, for the rollups take it in once.
            let Some(before) = cell.before.take() else { continue };
            let after = contributions(&self.rollups, cell.row.as_ref());
            for ((state, before), after) in self.rollup_states.iter_mut().zip(before).zip(after) {
                state.change(&key.tenant, before, after);
            }
            match Self::to_stored(self.age, key, cell)? {
                Some(row) => changes.push(RowChange::Put(row)),
                None if cell.is_stored => changes.push(RowChange::Delete(key.clone())),
                None => {}
            }
        }
        Ok(changes)
    }

    fn rollups(&mut self) -> &mut [RollupState] {
        &mut self.rollup_states
    }

    fn written(&mut self, most: Option<usize>) {
        for key in std::mem::take(&mut self.dirty) {
            if let Some(cell) = self.cells.get_mut(&key) {
                cell.before = None;
                cell.is_stored = cell.row.is_some();
            }
        }
        for state in &mut self.rollup_states {
            state.written();
        }
        if most.is_some_and(|most| self.cells.len() > most) {
            self.cells.clear();
            (self.measured_bytes, self.measured_rows) = (0, 0);
        }
    }

    fn clear(&mut self) {
        self.cells.clear();
        self.dirty.clear();
        (self.measured_bytes, self.measured_rows) = (0, 0);
        for state in &mut self.rollup_states {
            state.clear();
        }
    }

    fn footprint(&self) -> usize {
        let a_row = self.measured_bytes.checked_div(self.measured_rows).unwrap_or(512);
        self.cells.len() * a_row
    }

    fn keep_slice(&mut self, slice: Slice) {
        self.cells.retain(|key, _| slice.holds(share_of(key)));
        self.cells.shrink_to_fit();
        self.dirty = Vec::new();
    }

    fn drain(&mut self, chunk: usize, hand_on: HandOn<'_>) -> Result<(), String> {
        let mut rows = Vec::with_capacity(chunk.min(self.cells.len()));
        for (key, cell) in std::mem::take(&mut self.cells) {
            let Some(row) = &cell.row else { continue };
            for (state, contribution) in
                self.rollup_states.iter_mut().zip(contributions(&self.rollups, Some(row)))
            {
                state.change(&key.tenant, None, contribution);
            }
            rows.extend(Self::to_stored(self.age, &key, &cell)?);
            if rows.len() == chunk {
                hand_on(std::mem::replace(&mut rows, Vec::with_capacity(chunk)))?;
                settle_new(&mut self.rollup_states)?;
            }
        }
        if !rows.is_empty() {
            hand_on(rows)?;
        }
        settle_new(&mut self.rollup_states)?;
        self.dirty = Vec::new();
        (self.measured_bytes, self.measured_rows) = (0, 0);
        Ok(())
    }

    fn take_rollups(&mut self) -> Vec<RollupState> {
        let fresh = self.rollup_states.iter().map(RollupState::fresh).collect();
        std::mem::replace(&mut self.rollup_states, fresh)
    }
}
