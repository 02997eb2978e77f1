use std::any::{Any, TypeId};
use std::sync::Arc;

use super::Key;

/// Why a fold could not take an event. The key is parked with it; nothing half-changed is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// The event wants a row that is not there.
    #[error("there is no row `{0}` for this event to change")]
    Missing(Key),
    /// The fold says no.
    #[error("{0}")]
    Rejected(Arc<str>),
    /// A read model that is not an earlier one of the same group was asked for a row.
    #[error("`{0}` is not an earlier read model of this group")]
    NotInGroup(&'static str),
    /// The row of another read model that the fold looked at is parked: what it will be is not known yet. The event waits until
    /// that row is released.
    #[error("the row `{key}` of `{view}` is parked: this event waits until it is released")]
    Waits {
        /// The other read model.
        view: &'static str,
        /// The row's key.
        key: Key,
    },
}

impl ApplyError {
    /// A failure in the fold's own words.
    pub fn rejected(problem: impl Into<Arc<str>>) -> Self {
        Self::Rejected(problem.into())
    }
}

impl From<String> for ApplyError {
    fn from(problem: String) -> Self {
        Self::rejected(problem)
    }
}

impl From<&str> for ApplyError {
    fn from(problem: &str) -> Self {
        Self::rejected(problem)
    }
}

/// What a fold gives back.
pub type Applied = Result<(), ApplyError>;

/// Why a row of another read model cannot be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// The read model is not an earlier one of the same group.
    NotInGroup,
    /// The row is parked: an event of it could not be applied yet.
    Parked,
}

/// The rows of a group's earlier read models, as of the event at hand.
pub trait Neighbours {
    /// The row of the read model with that type, where there is one.
    ///
    /// # Errors
    /// Why that cannot be said.
    fn row(&self, model: TypeId, key: &str) -> Result<Option<&dyn Any>, Unseen>;
}

/// For read models that are in no group.
pub struct NoNeighbours;

impl Neighbours for NoNeighbours {
    fn row(&self, _: TypeId, _: &str) -> Result<Option<&dyn Any>, Unseen> {
        Err(Unseen::NotInGroup)
    }
}

/// The place of one row while an event is applied to it: filled or empty.
pub struct Slot<'a, R> {
    key: &'a Key,
    row: &'a mut Option<R>,
    neighbours: &'a dyn Neighbours,
    changed: bool,
}

impl<'a, R> Slot<'a, R> {
    /// The slot of the row with that key. For projectors.
    pub fn new(key: &'a Key, row: &'a mut Option<R>, neighbours: &'a dyn Neighbours) -> Self {
        Self { key, row, neighbours, changed: false }
    }

    /// The row's key.
    #[must_use]
    pub fn key(&self) -> &Key {
        self.key
    }

    /// The row, to be changed.
    ///
    /// # Errors
    /// Where there is none: the event came to a row that it should have found. Pass the error on with `?`.
    pub fn get(&mut self) -> Result<&mut R, ApplyError> {
        match self.row {
            Some(row) => {
                self.changed = true;
                Ok(row)
            }
            None => Err(ApplyError::Missing(self.key.clone())),
        }
    }

    /// The row, to be changed; made first where there is none.
    pub fn get_or_put_with(&mut self, make: impl FnOnce() -> R) -> &mut R {
        self.changed = true;
        self.row.get_or_insert_with(make)
    }

    /// The row, to be looked at.
    #[must_use]
    pub fn row(&self) -> Option<&R> {
        self.row.as_ref()
    }

    /// Puts a row, in place of the one that may be there.
    pub fn put(&mut self, row: R) {
        self.changed = true;
        *self.row = Some(row);
    }

    /// Takes the row away.
    pub fn delete(&mut self) {
        self.changed |= self.row.take().is_some();
    }

    /// The row of an earlier read model of the same group, as of this event.
    ///
    /// # Errors
    /// Where `M` is not an earlier read model of the group, or that row is parked. Pass the error on with `?`: the event then waits
    /// until the row is released. It does so too where a fold passes over the error.
    pub fn of<M: super::Row>(&self, key: &str) -> Result<Option<&M>, ApplyError> {
        match self.neighbours.row(TypeId::of::<M>(), key) {
            Ok(row) => Ok(row.and_then(|row| row.downcast_ref())),
            Err(Unseen::NotInGroup) => Err(ApplyError::NotInGroup(M::NAME)),
            Err(Unseen::Parked) => Err(ApplyError::Waits { view: M::NAME, key: Key::from(key) }),
        }
    }

    /// Whether the slot was written to. For projectors.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.changed
    }
}
