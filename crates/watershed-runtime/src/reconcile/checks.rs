//! What the business says of rows: predicates, which are reported and never mended.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use watershed_core::Row;
use watershed_core::ports::StoredRow;

/// A predicate over the rows of one view.
#[derive(Clone)]
pub(crate) struct Check {
    pub(crate) view: &'static str,
    pub(crate) name: &'static str,
    holds: Arc<Holds>,
}

/// Says what is wrong with a stored row.
type Holds = dyn Fn(&StoredRow) -> Result<(), String> + Send + Sync;

impl Check {
    pub(crate) fn of<R: Row>(
        name: &'static str,
        holds: impl Fn(&R) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        let holds = move |stored: &StoredRow| {
            let mut values = stored.values.clone();
            // A rollup's table has one column more than its readers know.
            values.truncate(R::COLUMNS.len());
            let row = R::from_values(values).map_err(|error| format!("the row cannot be read: {error}"))?;
            // A predicate that panics is a defect of its own, and of nobody else's.
            catch_unwind(AssertUnwindSafe(|| holds(&row)))
                .unwrap_or_else(|_| Err("the check panicked".to_owned()))
        };
        Self { view: R::NAME, name, holds: Arc::new(holds) }
    }

    /// What is wrong with the row; nothing with one that readers do not see.
    pub(crate) fn problem(&self, row: &StoredRow) -> Option<String> {
        if !row.shown {
            return None;
        }
        (self.holds)(row).err()
    }
}
