use std::any::{Any, TypeId};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use watershed_core::event::{AnyEvent, DecodeError};
use watershed_core::ports::RowKey;
use watershed_core::read::{KeyedBy, Neighbours, Unseen};
use watershed_core::{
    Handler, Key, Keys, Position, ReadModel, Slot, Source, StoredEvent, TableSpec, Tenant, UnknownEvents,
};

use super::parking::Lot;
use super::{FoldedRow, fulfils};
use crate::fail;

/// One read model, and what it has made of the events so far.
pub(super) struct Taking<R> {
    handlers: Vec<Handler<R>>,
    table: TableSpec,
    pub(super) rows: BTreeMap<RowKey, FoldedRow<R>>,
    pub(super) lot: Lot,
    pub(super) stopped: Option<(Position, String)>,
}

impl<R: ReadModel> Taking<R> {
    #[track_caller]
    pub(super) fn new() -> Self {
        if R::SOURCE != Source::Log {
            fail(format!("`{}` is not folded from the log: it is a view of SQL", R::NAME));
        }
        Self {
            handlers: R::handlers(),
            table: R::table(),
            rows: BTreeMap::new(),
            lot: Lot::default(),
            stopped: None,
        }
    }

    /// Takes the next event of the log.
    pub(super) fn take(&mut self, event: &StoredEvent, neighbours: &dyn Neighbours) {
        let followed = |handler: &&Handler<R>| *handler.category == *event.stream.category;
        if self.stopped.is_some() || !self.handlers.iter().any(|handler| followed(&handler)) {
            return;
        }
        let knows = |handler: &&Handler<R>| handler.kinds.iter().any(|kind| *kind.name == *event.name);
        let Some(handler) = self.handlers.iter().filter(followed).find(knows) else {
            return self.pass_by(event, &format!("this program knows no event `{}`", event.name));
        };
        match (handler.decode)(event) {
            Ok(decoded) => {
                let apply = handler.apply;
                let keys = match R::KEYED_BY {
                    KeyedBy::Stream => Keys::Stream,
                    KeyedBy::Event => (handler.keys)(&decoded),
                };
                for key in self.concerned(keys, event) {
                    self.apply(key, event, &decoded, apply, neighbours);
                }
            }
            Err(error @ DecodeError::Malformed { .. }) => self.park(own(event), event, error.to_string()),
            Err(error) => self.pass_by(event, &error.to_string()),
        }
    }

    /// The rows that the event concerns, each once.
    fn concerned(&self, keys: Keys<R>, event: &StoredEvent) -> BTreeSet<RowKey> {
        let keyed = |key| of(&event.tenant, key);
        match keys {
            Keys::None => BTreeSet::new(),
            Keys::Stream => BTreeSet::from([own(event)]),
            Keys::One(key) => BTreeSet::from([keyed(key)]),
            Keys::Many(keys) => keys.into_iter().map(keyed).collect(),
            Keys::Matching(filter) => {
                let condition = filter.into_predicate();
                let matches = |row: &FoldedRow<R>| {
                    fulfils(&self.table, &row.values, &condition)
                        .unwrap_or_else(|column| fail(format!("`{}` has no column `{column}`", R::NAME)))
                };
                let rows = self.rows.iter().filter(|(_, row)| matches(row)).map(|(key, _)| key);
                // What a parked key's row will be by then is not known: the event waits behind it.
                let parked = self.lot.all().map(|parked| &parked.key);
                rows.chain(parked).filter(|key| key.tenant == event.tenant).cloned().collect()
            }
        }
    }

    fn apply(
        &mut self,
        key: RowKey,
        event: &StoredEvent,
        decoded: &AnyEvent,
        apply: fn(&mut Slot<'_, R>, &AnyEvent) -> watershed_core::Applied,
        neighbours: &dyn Neighbours,
    ) {
        if self.lot.waits(&key, event.position) {
            return;
        }
        match self.next_row(&key, event, decoded, apply, neighbours) {
            Ok(Next::Same) => {}
            Ok(Next::Row(row)) => {
                self.rows.insert(key, row);
            }
            Ok(Next::Gone) => {
                self.rows.remove(&key);
            }
            Err(problem) => self.lot.park(key, event.position, problem),
        }
    }

    /// What becomes of the row. It is read from its columns, changed, and written to columns again, as a store would.
    fn next_row(
        &self,
        key: &RowKey,
        event: &StoredEvent,
        decoded: &AnyEvent,
        apply: fn(&mut Slot<'_, R>, &AnyEvent) -> watershed_core::Applied,
        neighbours: &dyn Neighbours,
    ) -> Result<Next<R>, String> {
        let read = |row: &FoldedRow<R>| R::from_values(row.values.clone()).map_err(|error| error.to_string());
        let mut row = self.rows.get(key).map(read).transpose()?;
        let looking = Looking { neighbours, at_parked: Cell::new(false) };
        let mut slot = Slot::new(&key.key, &mut row, &looking);
        apply(&mut slot, decoded).map_err(|error| error.to_string())?;
        let is_changed = slot.is_changed();
        if looking.at_parked.get() {
            return Err(
                "a row that the fold has looked at is parked, and the fold has passed over that".to_owned()
            );
        }
        if !is_changed {
            return Ok(Next::Same);
        }
        let Some(row) = row else {
            return Ok(Next::Gone);
        };
        if row.key() != key.key {
            fail(format!(
                "event {} (`{}`) made a row of `{}` in the place of key {:?}, but the row's own key is {:?}",
                event.position,
                event.name,
                R::NAME,
                key.key,
                row.key()
            ));
        }
        FoldedRow::of(&row, event.position).map(Next::Row)
    }

    /// What the contract says of events that this program does not know.
    fn pass_by(&mut self, event: &StoredEvent, problem: &str) {
        match R::CONTRACT.unknown {
            UnknownEvents::Park => self.park(own(event), event, problem.to_owned()),
            UnknownEvents::Ignore => {}
            UnknownEvents::Stop => self.stopped = Some((event.position, problem.to_owned())),
        }
    }

    fn park(&mut self, key: RowKey, event: &StoredEvent, problem: String) {
        if !self.lot.waits(&key, event.position) {
            self.lot.park(key, event.position, problem);
        }
    }

    pub(super) fn row(&self, tenant: &Tenant, key: &str) -> Option<&dyn Any> {
        let row = self.rows.get(&of(tenant, key.into()))?;
        Some(&row.row)
    }

    pub(super) fn is_parked(&self, tenant: &Tenant, key: &str) -> bool {
        self.lot.holds(&of(tenant, key.into()))
    }
}

/// The neighbours, and whether a parked one has been looked at: whatever a fold makes of that, its event waits.
struct Looking<'a> {
    neighbours: &'a dyn Neighbours,
    at_parked: Cell<bool>,
}

impl Neighbours for Looking<'_> {
    fn row(&self, model: TypeId, key: &str) -> Result<Option<&dyn Any>, Unseen> {
        let row = self.neighbours.row(model, key);
        self.at_parked.set(self.at_parked.get() || matches!(row, Err(Unseen::Parked)));
        row
    }
}

/// What an event makes of a row.
enum Next<R> {
    /// What it was.
    Same,
    /// This.
    Row(FoldedRow<R>),
    /// Nothing.
    Gone,
}

fn of(tenant: &Tenant, key: Key) -> RowKey {
    RowKey { tenant: tenant.clone(), key }
}

/// The key of the event's stream.
fn own(event: &StoredEvent) -> RowKey {
    of(&event.tenant, Key::from(&event.stream.id))
}
