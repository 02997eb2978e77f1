//! What stands beside the log: the state that an append saves, and inline read models, written before it is taken.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use watershed_core::StoredEvent;
use watershed_core::ports::{AppendError, Checkpoint, InlineFold, RowError, RowsBatch};

use super::Writer;
use super::group::Staged;
use crate::log::inline::RowsInside;
use crate::log::prepared::Prepared;
use crate::state;

impl Writer {
    /// Saves an append's state, and folds its events into every inline read model. Where the database or a fold refuses, nothing
    /// of the append is left.
    pub(super) fn write_beside(&mut self, append: &Prepared, staged: &[Staged]) -> Result<(), AppendError> {
        if self.inline.is_empty() && append.save.is_none() {
            return Ok(());
        }
        self.begin().map_err(|error| read_only(&error))?;
        let events: Vec<Arc<StoredEvent>> = staged.iter().map(|staged| staged.event.clone()).collect();
        self.statement("SAVEPOINT append").map_err(|error| read_only(&error))?;
        let written = self.save(append).and_then(|()| self.fold_all(&events));
        let end = if written.is_ok() { "RELEASE append" } else { "ROLLBACK TO append" };
        self.statement(end).map_err(|error| read_only(&error))?;
        written
    }

    fn save(&self, append: &Prepared) -> Result<(), AppendError> {
        let Some(save) = &append.save else { return Ok(()) };
        state::save(&self.connection, save, &append.tenant, &append.stream.id)
    }

    fn fold_all(&mut self, events: &[Arc<StoredEvent>]) -> Result<(), AppendError> {
        let mut inline = std::mem::take(&mut self.inline);
        let folded = inline.iter_mut().try_for_each(|fold| self.fold_one(&mut **fold, events));
        self.inline = inline;
        folded
    }

    fn fold_one(&self, fold: &mut dyn InlineFold, events: &[Arc<StoredEvent>]) -> Result<(), AppendError> {
        let model = fold.name().to_owned();
        let refused = |problem: String| AppendError::InlineRefused { model: model.clone(), problem };
        let rows = &*self.inline_rows;
        let inside = RowsInside { rows, transaction: &self.connection, model: &model };
        let batch = catch_unwind(AssertUnwindSafe(|| fold.fold(events, &inside)))
            .unwrap_or_else(|_| Err("its fold panicked".to_owned()))
            .map_err(refused)?;
        if changes_nothing(&batch) {
            return Ok(());
        }
        rows.apply(&self.connection, &model, &batch).map_err(|error| match error {
            RowError::ReadOnly(problem) => AppendError::ReadOnly(problem),
            other => refused(other.to_string()),
        })
    }
}

/// A fold may look on only: it needs no tables then.
fn changes_nothing(batch: &RowsBatch) -> bool {
    let rows = batch.changes.is_empty() && batch.park.is_empty() && batch.unpark.is_empty();
    rows && batch.checkpoint == Checkpoint::default()
}

fn read_only(error: &rusqlite::Error) -> AppendError {
    AppendError::ReadOnly(error.to_string())
}
