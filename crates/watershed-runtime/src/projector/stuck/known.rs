use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHasher;
use watershed_core::Position;
use watershed_core::ports::{ParkedKey, RowKey};

use super::StuckFold;
use crate::projector::model::ApplyFailure;

/// The beginning of the fingerprint of a fold that did not return.
pub(crate) const NO_RETURN: &str = "no return";

/// The events of a read model that its fold has not returned from: nobody tries them unasked.
pub(crate) struct Known {
    id: u64,
    is_any: AtomicBool,
    folds: Mutex<BTreeSet<(u64, Position)>>,
}

impl Known {
    /// Of a read model that has returned from everything so far.
    pub(crate) fn nothing() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            is_any: AtomicBool::new(false),
            folds: Mutex::default(),
        }
    }

    /// What a fold is known by while it runs.
    pub(crate) fn fold(&self, key: &RowKey, position: Position) -> StuckFold {
        StuckFold { model: self.id, row: hash_of(key), position }
    }

    /// Takes the fold in, where it is one of this read model's.
    pub(crate) fn add(&self, fold: StuckFold) -> bool {
        if fold.model != self.id {
            return false;
        }
        self.folds().insert((fold.row, fold.position));
        self.is_any.store(true, Ordering::Release);
        true
    }

    /// Takes a key in that was parked for it by an earlier process.
    pub(crate) fn add_parked(&self, parked: &ParkedKey) {
        if parked.fingerprint.starts_with(NO_RETURN) {
            self.add(self.fold(&parked.key, parked.position));
        }
    }

    /// An operator wants it tried again.
    pub(crate) fn forget(&self, key: &RowKey) {
        let row = hash_of(key);
        self.folds().retain(|(of, _)| *of != row);
    }

    /// Why the fold is not to be tried, where that is so.
    pub(crate) fn failure(&self, key: &RowKey, event: &str, position: Position) -> Option<ApplyFailure> {
        if !self.is_any.load(Ordering::Acquire) || !self.folds().contains(&(hash_of(key), position)) {
            return None;
        }
        Some(ApplyFailure {
            error: format!(
                "the fold did not return from this `{event}`, and was given up with its thread. Mend the fold, start \
                 the program again, and retry the key; or skip the event"
            ),
            fingerprint: format!("{NO_RETURN} on {event}"),
        })
    }

    fn folds(&self) -> MutexGuard<'_, BTreeSet<(u64, Position)>> {
        self.folds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn hash_of(key: &RowKey) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}
