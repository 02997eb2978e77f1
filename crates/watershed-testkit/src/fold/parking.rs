use std::collections::BTreeMap;

use watershed_core::Position;
use watershed_core::ports::RowKey;

/// A key whose event could not be applied, and the events that wait behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    /// The key.
    pub key: RowKey,
    /// The position of the event that failed.
    pub position: Position,
    /// The positions of the events that wait, the failed one first.
    pub waiting: Vec<Position>,
    /// What went wrong, in words.
    pub error: String,
}

/// The parked keys of one read model.
#[derive(Debug, Default)]
pub(super) struct Lot(BTreeMap<RowKey, Parked>);

impl Lot {
    /// Has the event wait where its key is parked; says whether it is.
    pub(super) fn waits(&mut self, key: &RowKey, position: Position) -> bool {
        let parked = self.0.get_mut(key);
        let waits = parked.is_some();
        if let Some(parked) = parked {
            parked.waiting.push(position);
        }
        waits
    }

    /// Parks the key, whose event failed.
    pub(super) fn park(&mut self, key: RowKey, position: Position, error: String) {
        let parked = Parked { key: key.clone(), position, waiting: vec![position], error };
        self.0.insert(key, parked);
    }

    /// Whether the key is parked.
    pub(super) fn holds(&self, key: &RowKey) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Parked> {
        self.0.values()
    }
}
