//! What a fold sees of the other read models of its group.

use std::any::{Any, TypeId};
use std::cell::{Cell, RefCell};

use watershed_core::ports::RowKey;
use watershed_core::read::{Neighbours, Unseen};
use watershed_core::{Key, Position, StoredEvent, Tenant, Timestamp};

use super::{AnyModel, ApplyFailure};

/// Knows which rows are parked. The first number is the model's place in the group.
pub(crate) trait Lot {
    /// Whether events of the row wait from that position on, or from one before it.
    fn holds(&self, row: &(usize, RowKey), position: Position) -> bool;
}

/// Nobody is parked.
pub(crate) struct Nobody;

impl Lot for Nobody {
    fn holds(&self, _: &(usize, RowKey), _: Position) -> bool {
        false
    }
}

/// The earlier models of a group, as their rows stand at an event.
pub(crate) struct Earlier<'a> {
    models: &'a [Box<dyn AnyModel>],
    /// Where rows are that `models` does not know.
    others: Option<&'a [Box<dyn AnyModel>]>,
    tenant: &'a Tenant,
    lot: &'a dyn Lot,
    position: Position,
    /// When the event was recorded that looks at them.
    time: Timestamp,
    /// The first parked row that was looked at.
    parked: RefCell<Option<(usize, Key)>>,
    /// Whether the rows are those of a later time, and one was looked at that has changed since the event.
    changed_since: Option<Cell<bool>>,
}

impl<'a> Earlier<'a> {
    /// As the models stand, at the event, for rows of that tenant.
    pub(crate) fn at(
        models: &'a [Box<dyn AnyModel>],
        tenant: &'a Tenant,
        lot: &'a dyn Lot,
        event: &StoredEvent,
    ) -> Self {
        Self {
            models,
            others: None,
            tenant,
            lot,
            position: event.position,
            time: event.recorded_at,
            parked: RefCell::default(),
            changed_since: None,
        }
    }

    /// The models stand at a later event: see [`Earlier::has_changed`].
    pub(crate) fn of_later(self) -> Self {
        Self { changed_since: Some(Cell::new(false)), ..self }
    }

    /// Whether a row was looked at that may have been another one at the event.
    pub(crate) fn has_changed(&self) -> bool {
        self.changed_since.as_ref().is_some_and(Cell::get)
    }

    /// Rows that the models do not know are looked up in these.
    pub(crate) fn before(self, others: &'a [Box<dyn AnyModel>]) -> Self {
        Self { others: Some(others), ..self }
    }

    /// What applying an event came to: where the fold has looked at a parked row, the event waits, whatever the fold has made
    /// of that.
    pub(crate) fn judged(&self, applied: Result<(), ApplyFailure>) -> Result<(), ApplyFailure> {
        match &*self.parked.borrow() {
            Some((model, key)) => Err(ApplyFailure::waits(self.models[*model].name(), key)),
            None => applied,
        }
    }
}

impl Neighbours for Earlier<'_> {
    fn row(&self, model: TypeId, key: &str) -> Result<Option<&dyn Any>, Unseen> {
        let place = self.models.iter().position(|earlier| earlier.as_ref().type_id() == model);
        let place = place.ok_or(Unseen::NotInGroup)?;
        let row = (place, RowKey { tenant: self.tenant.clone(), key: Key::from(key) });
        if self.lot.holds(&row, self.position) {
            self.parked.borrow_mut().get_or_insert((place, row.1.key));
            return Err(Unseen::Parked);
        }
        let models = match self.others {
            Some(others) if !self.models[place].knows(&row.1) => others,
            _ => self.models,
        };
        if let Some(changed) = &self.changed_since
            && models[place].position_of(&row.1).is_none_or(|changed| changed > self.position)
        {
            // A row that is not there may have been there, and have gone since.
            changed.set(true);
        }
        Ok(models[place].row(&row.1, self.time))
    }
}
