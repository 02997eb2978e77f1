use std::any::{Any, TypeId};
use std::cell::{OnceCell, RefCell};

use watershed_core::ports::{RowKey, RowsNow};
use watershed_core::read::{Neighbours, Unseen};
use watershed_core::{Key, Tenant, Timestamp};

use crate::projector::AnyModel;

/// The earlier models of an inline group: their rows as the transaction has them. One that is not in memory is read when a fold
/// looks at it.
pub(super) struct EarlierNow<'a> {
    models: &'a [Box<dyn AnyModel>],
    tenant: &'a Tenant,
    rows: &'a dyn RowsNow,
    /// When the event was recorded that looks at them.
    time: Timestamp,
    read: OnceCell<Box<ReadRow>>,
    problem: RefCell<Option<String>>,
}

/// A row that was read, and those that were read after it.
struct ReadRow {
    place: usize,
    key: RowKey,
    row: Option<Box<dyn Any>>,
    next: OnceCell<Box<ReadRow>>,
}

impl<'a> EarlierNow<'a> {
    pub(super) fn of(
        models: &'a [Box<dyn AnyModel>],
        tenant: &'a Tenant,
        rows: &'a dyn RowsNow,
        time: Timestamp,
    ) -> Self {
        Self { models, tenant, rows, time, read: OnceCell::new(), problem: RefCell::default() }
    }

    /// Why a row could not be read.
    pub(super) fn problem(self) -> Option<String> {
        self.problem.into_inner()
    }

    fn read(&self, place: usize, key: RowKey) -> Result<Option<&dyn Any>, String> {
        let mut end = &self.read;
        while let Some(read) = end.get() {
            if read.place == place && read.key == key {
                return Ok(read.row.as_deref());
            }
            end = &read.next;
        }
        let model = &self.models[place];
        let stored = self.rows.row(model.table(), &key).map_err(|error| error.to_string())?;
        let row = stored.map(|stored| model.read(stored)).transpose()?;
        let read = end.get_or_init(|| Box::new(ReadRow { place, key, row, next: OnceCell::new() }));
        Ok(read.row.as_deref())
    }
}

impl Neighbours for EarlierNow<'_> {
    fn row(&self, model: TypeId, key: &str) -> Result<Option<&dyn Any>, Unseen> {
        let place = self.models.iter().position(|earlier| earlier.as_ref().type_id() == model);
        let place = place.ok_or(Unseen::NotInGroup)?;
        let key = RowKey { tenant: self.tenant.clone(), key: Key::from(key) };
        if self.models[place].knows(&key) {
            return Ok(self.models[place].row(&key, self.time));
        }
        Ok(self.read(place, key).unwrap_or_else(|problem| {
            self.problem.replace(Some(problem));
            None
        }))
    }
}
