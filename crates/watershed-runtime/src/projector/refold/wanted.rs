use rustc_hash::FxHashSet;
use watershed_core::ports::RowKey;

use crate::projector::parking::ParkedRow;
use crate::projector::slice::{SHARES, share_of};

/// Which rows of a group are wanted.
#[derive(Clone)]
pub(crate) struct Wanted {
    /// By the shares of the keys: what is not in one of these is not wanted.
    shares: Box<[bool]>,
    /// These alone, where they are named: model and key.
    keys: Option<FxHashSet<ParkedRow>>,
    /// The last model that rows are wanted of. The ones before it are folded whole: it may look at their rows.
    last: usize,
}

impl Wanted {
    /// These rows, by model and key.
    pub(crate) fn keys(keys: impl IntoIterator<Item = ParkedRow>) -> Self {
        let keys: FxHashSet<ParkedRow> = keys.into_iter().collect();
        let mut wanted = Self::shares(keys.iter().map(|(_, key)| share_of(key)), 0);
        wanted.last = keys.iter().map(|(model, _)| *model).max().unwrap_or(0);
        wanted.keys = Some(keys);
        wanted
    }

    /// No row at all of so many models: for whoever is after their rollups.
    pub(crate) fn nothing(models: usize) -> Self {
        Self { keys: Some(FxHashSet::default()), ..Self::shares([], models) }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.keys.as_ref().is_some_and(FxHashSet::is_empty)
    }

    /// All rows of so many models whose keys are in these shares.
    pub(crate) fn shares(shares: impl IntoIterator<Item = u16>, models: usize) -> Self {
        let mut all = vec![false; SHARES.into()].into_boxed_slice();
        shares.into_iter().for_each(|share| all[usize::from(share)] = true);
        Self { shares: all, keys: None, last: models.saturating_sub(1) }
    }

    /// The last model that rows are wanted of.
    pub(super) fn last(&self) -> usize {
        self.last
    }

    /// Whether a row with a key of that share may be wanted.
    pub(super) fn may_be(&self, share: u16) -> bool {
        self.shares[usize::from(share)]
    }

    /// Whether the row is wanted.
    pub(crate) fn holds(&self, model: usize, key: &RowKey) -> bool {
        self.may_be(share_of(key))
            && model <= self.last
            && self.keys.as_ref().is_none_or(|keys| keys.contains(&(model, key.clone())))
    }

    /// Whether the row is folded: because it is wanted, or because others may look at it.
    pub(super) fn folds(&self, model: usize, key: &RowKey) -> bool {
        model < self.last || self.holds(model, key)
    }

    /// The keys that were named, where they were.
    pub(super) fn named(&self) -> Option<&FxHashSet<ParkedRow>> {
        self.keys.as_ref()
    }

    /// The keys of a model that were named.
    pub(super) fn named_of(&self, model: usize) -> Option<Vec<RowKey>> {
        let keys = self.keys.as_ref()?.iter().filter(|(of, _)| *of == model);
        let mut keys: Vec<RowKey> = keys.map(|(_, key)| key.clone()).collect();
        keys.sort_unstable();
        Some(keys)
    }
}
