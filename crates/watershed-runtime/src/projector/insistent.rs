use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use watershed_core::ports::{RowError, RowGroup, RowKey, StoredRow};

use super::Progress;
use super::trouble::Trouble;

/// A group's store, for whoever cannot go on without it.
pub(super) struct Insistent<'a> {
    pub(super) group: &'static str,
    pub(super) store: &'a Arc<dyn RowGroup>,
    pub(super) runtime: &'a Handle,
    pub(super) progress: &'a Progress,
    pub(super) closing: &'a AtomicBool,
}

impl Insistent<'_> {
    /// The rows with these keys.
    pub(super) fn rows(&self, table: usize, keys: &[RowKey]) -> Result<Vec<StoredRow>, Trouble> {
        self.insist(|| self.runtime.block_on(self.store.rows(table, keys)))
    }

    /// Does something with the store until it succeeds: a store that fails may come back, and nothing is lost meanwhile. One that
    /// is damaged does not.
    pub(crate) fn insist<T>(&self, mut attempt: impl FnMut() -> Result<T, RowError>) -> Result<T, Trouble> {
        let mut pause = Duration::from_millis(50);
        loop {
            match attempt() {
                Ok(done) => return Ok(done),
                Err(RowError::Damaged(problem)) => return Err(Trouble::Stop(problem)),
                Err(RowError::Fenced) => return Err(Trouble::Fenced),
                Err(error) => {
                    let error = error.to_string();
                    tracing::warn!(group = self.group, error, "the row store failed; trying again");
                    self.progress.say("error", Some(&error));
                }
            }
            if self.closing.load(Ordering::Relaxed) {
                return Err(Trouble::Closing);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}
