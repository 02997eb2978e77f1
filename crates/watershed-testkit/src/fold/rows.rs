use std::collections::BTreeMap;
use std::sync::Arc;

use watershed_core::ports::RowKey;
use watershed_core::read::NoNeighbours;
use watershed_core::{Position, ReadModel, Rollup, StoredEvent, Tenant, Timestamp, Value};

pub use super::parking::Parked;
use super::rollup::naive_rollup;
use super::take::Taking;
use crate::fail;
use crate::story::IntoStory;

/// A row that was folded.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldedRow<R> {
    /// The row, as a store would give it back.
    pub row: R,
    /// The contents of its columns, in their order.
    pub values: Vec<Value>,
    /// Whether readers see it.
    pub shown: bool,
    /// The position of the last event that changed it.
    pub position: Position,
}

impl<R: ReadModel> FoldedRow<R> {
    pub(super) fn of(row: &R, position: Position) -> Result<Self, String> {
        let values = row.to_values().map_err(|error| error.to_string())?;
        Ok(Self {
            row: R::from_values(values.clone()).map_err(|error| error.to_string())?,
            values,
            shown: row.is_shown(),
            position,
        })
    }
}

/// What a read model makes of a log.
pub struct Folded<R>(pub(super) Taking<R>);

/// Folds the events, one after the other. Events must come in the order of the log.
#[must_use]
#[track_caller]
pub fn naive_fold<R: ReadModel>(events: &[Arc<StoredEvent>]) -> Folded<R> {
    let mut taking = Taking::new();
    for event in events {
        taking.take(event, &NoNeighbours);
    }
    Folded(taking)
}

/// What the read model makes of the story: [`naive_fold`] of its events.
#[track_caller]
pub fn project<R: ReadModel>(story: impl IntoStory) -> Folded<R> {
    naive_fold(story.into_story().events())
}

impl<R: ReadModel> Folded<R> {
    /// The row of the default tenant with that key, hidden or shown.
    #[must_use]
    pub fn row(&self, key: &str) -> Option<&R> {
        self.row_of(&Tenant::default(), key)
    }

    /// The tenant's row with that key, hidden or shown.
    #[must_use]
    pub fn row_of(&self, tenant: &Tenant, key: &str) -> Option<&R> {
        self.0.row(tenant, key)?.downcast_ref()
    }

    /// The row of the default tenant with that key.
    ///
    /// # Panics
    /// Where there is none; says which rows there are, and which keys are parked.
    #[must_use]
    #[track_caller]
    pub fn expect_row(&self, key: &str) -> &R {
        self.row(key).unwrap_or_else(|| {
            let there: Vec<_> = self.rows().keys().map(|key| key.key.as_str()).collect();
            fail(format!(
                "`{}` has no row {key:?}. Its rows: {there:?}. Parked: {:#?}",
                R::NAME,
                self.parked().collect::<Vec<_>>()
            ))
        })
    }

    /// The row as a reader of the default tenant gets it at that time: none where it is hidden, and with the columns that
    /// are computed when answering.
    #[must_use]
    pub fn read_at(&self, key: &str, now: Timestamp) -> Option<R> {
        let (_, found) = self.of(&Tenant::default()).find(|(found, _)| found.key.as_str() == key)?;
        let mut row = found.shown.then(|| R::from_values(found.values.clone()).ok())??;
        row.at_read(now);
        Some(row)
    }

    /// The rows of the default tenant that readers see, in the order of their keys.
    #[must_use]
    pub fn shown(&self) -> Vec<&R> {
        self.shown_of(&Tenant::default())
    }

    /// The tenant's rows that readers see, in the order of their keys.
    #[must_use]
    pub fn shown_of(&self, tenant: &Tenant) -> Vec<&R> {
        self.of(tenant).filter(|(_, row)| row.shown).map(|(_, row)| &row.row).collect()
    }

    /// All rows by tenant and key, hidden ones too.
    #[must_use]
    pub fn rows(&self) -> &BTreeMap<RowKey, FoldedRow<R>> {
        &self.0.rows
    }

    /// What a rollup makes of the default tenant's shown rows, in the order of its keys.
    #[must_use]
    #[track_caller]
    pub fn rollup<P: Rollup<Of = R>>(&self) -> Vec<P> {
        self.rollup_of(&Tenant::default())
    }

    /// What a rollup makes of the tenant's shown rows, in the order of its keys.
    #[must_use]
    #[track_caller]
    pub fn rollup_of<P: Rollup<Of = R>>(&self, tenant: &Tenant) -> Vec<P> {
        naive_rollup(self.shown_of(tenant))
    }

    /// The keys whose events could not be applied, in the order of tenant and key.
    pub fn parked(&self) -> impl Iterator<Item = &Parked> {
        self.0.lot.all()
    }

    /// The event that stopped the read model, and why: one that this program does not know, where the contract says `stop`.
    #[must_use]
    pub fn stopped(&self) -> Option<(Position, &str)> {
        let (position, problem) = self.0.stopped.as_ref()?;
        Some((*position, problem))
    }

    fn of(&self, tenant: &Tenant) -> impl Iterator<Item = (&RowKey, &FoldedRow<R>)> {
        self.0.rows.iter().filter(move |(key, _)| key.tenant == *tenant)
    }
}
