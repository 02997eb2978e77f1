//! The fold of one read model: its rows in memory, with the row's type put aside for whoever drives it.

mod earlier;
mod failure;
mod state;

pub(crate) use earlier::{Earlier, Lot, Nobody};
pub(crate) use failure::{ApplyFailure, panic_text};
pub(crate) use state::ModelState;

use std::any::{Any, TypeId};

use watershed_core::event::AnyEvent;
use watershed_core::ports::{RowChange, RowKey, StoredRow};
use watershed_core::read::Neighbours;
use watershed_core::{Key, KeyedBy, Position, Predicate, StoredEvent, Tenant, Timestamp};

use super::rollup::RollupState;
use super::slice::Slice;
use super::sliced::Sliced;

/// Rows that a model keeps in memory between batches.
pub(crate) const KEPT: usize = 50_000;

/// The rows that an event concerns, of one model.
pub(crate) enum Touched {
    None,
    One(Key),
    Many(Vec<Key>),
    Matching(Predicate),
}

/// Takes rows that are to be stored.
pub(crate) type HandOn<'a> = &'a mut dyn FnMut(Vec<StoredRow>) -> Result<(), String>;

/// The fold of one read model with its rollups, and the rows that it has in memory; the row's type is put aside.
pub(crate) trait AnyModel: Send {
    fn name(&self) -> &'static str;
    fn type_id(&self) -> TypeId;
    fn keyed_by(&self) -> KeyedBy;
    /// The place of the model's table in its group, of its first rollup's, and of the first of its rollups' values'.
    fn place_tables(&mut self, own: usize, first_rollup: usize, first_values: usize);
    fn table(&self) -> usize;
    /// Whether the model follows events of that category.
    fn follows_category(&self, category: &str) -> bool;
    fn touched(&self, stored: &StoredEvent, event: &AnyEvent) -> Touched;
    /// Whether the row of that key, or that there is none, is known.
    fn knows(&self, key: &RowKey) -> bool;
    /// Takes stored rows into memory; the asked-for keys that are not among them have no row.
    fn load(&mut self, asked: Vec<RowKey>, rows: Vec<StoredRow>) -> Result<(), String>;
    fn apply(
        &mut self,
        key: &RowKey,
        stored: &StoredEvent,
        event: &AnyEvent,
        neighbours: &dyn Neighbours,
    ) -> Result<(), ApplyFailure>;
    /// Drops what memory holds of that row.
    fn forget(&mut self, key: &RowKey);
    /// Deletes the row, where it was last changed at or before that time. Whether it was.
    fn expire(&mut self, key: &RowKey, until: Timestamp) -> bool;
    /// Drops the rows from memory that were last changed at or before that time. Rollups do not hear of it.
    fn drop_past(&mut self, until: Timestamp);
    /// The row as an event of that time finds it.
    fn row(&self, key: &RowKey, at: Timestamp) -> Option<&dyn Any>;
    /// A stored row, read.
    fn read(&self, stored: StoredRow) -> Result<Box<dyn Any>, String>;
    /// The row in stored form, if there is one in memory.
    fn stored_row(&self, key: &RowKey) -> Result<Option<StoredRow>, String>;
    /// Where the row in memory was last changed, if there is one.
    fn position_of(&self, key: &RowKey) -> Option<Position>;
    /// Puts a row in place of the one in memory, which must be as the store has it or as an event has changed it.
    fn replace(&mut self, key: &RowKey, row: Option<StoredRow>) -> Result<(), String>;
    /// Whether there is a row in memory that fulfils the condition.
    fn fulfils(&self, key: &RowKey, predicate: &Predicate) -> Result<bool, String>;
    /// The keys in memory, of one tenant or of all, whose rows fulfil the condition.
    fn matching(&self, tenant: Option<&Tenant>, predicate: &Predicate) -> Result<Vec<RowKey>, String>;
    /// The changes of the rows since the last [`AnyModel::written`]; hands the rollups theirs.
    fn changes(&mut self) -> Result<Vec<RowChange>, String>;
    fn rollups(&mut self) -> &mut [RollupState];
    /// The changes are in the store. Keeps at most so many rows in memory; every row, where nothing is said.
    fn written(&mut self, most: Option<usize>);
    /// Forgets everything.
    fn clear(&mut self);
    /// About how many bytes the rows in memory take.
    fn footprint(&self) -> usize;
    /// Drops the rows that are not in the slice.
    fn keep_slice(&mut self, slice: Slice);
    /// Takes all rows out, and hands them on as stored, so many at a time; hands the rollups their contributions.
    fn drain(&mut self, chunk: usize, hand_on: HandOn<'_>) -> Result<(), String>;
    /// Takes the rollups' groups out.
    fn take_rollups(&mut self) -> Vec<RollupState>;
    /// Its parts, where its rows are shared out.
    fn as_sliced(&mut self) -> Option<&mut Sliced> {
        None
    }
}
