//! A refold's rows take the place of the stored ones.

use std::sync::Arc;

use tokio::runtime::Handle;
use watershed_core::ports::{RowError, RowGroup, RowsBatch};

use super::plan::plan;
use super::{Mended, Refold};
use crate::feed::Feed;
use crate::projector::live::Live;
use crate::projector::pace::Pace;
use crate::projector::trouble::Trouble;

/// How often rows beside the log are tried to be mended while commands keep coming.
const ATTEMPTS: usize = 50;

impl Live {
    /// Brings the refold up to the group's checkpoint, and writes what differs: rows, the rollups over them, and whether the
    /// keys are parked, in one transaction. What memory holds of these rows is dropped.
    ///
    /// The inner error is the refold's own: nothing has been written, and the group goes on.
    pub(crate) fn mend(
        &mut self,
        refold: &mut Refold,
        rollups: bool,
    ) -> Result<Result<Mended, String>, Trouble> {
        if refold.position() > self.position() {
            return Ok(Err("the rows have been built anew meanwhile: look at them again".to_owned()));
        }
        let parked: Vec<_> = self.parked.all().cloned().collect();
        if !refold.fits(&parked) {
            // Keys that the wanted rows look at were parked or released meanwhile.
            refold.again(&parked);
        }
        let until = self.position();
        let prepared = refold.advance(&self.feed, &self.runtime, until, &mut Pace::free()).and_then(|()| {
            plan(refold, &*self.store, &self.runtime, rollups, &|row| self.parked.get(row).is_some())
        });
        let plan = match prepared {
            Ok(plan) => plan,
            Err(problem) => return Ok(Err(problem)),
        };
        let now = self.clock.now();
        plan.release.iter().for_each(|row| self.parked.release(row));
        for (row, waiting, failure) in plan.park {
            self.parked.park(row, waiting, &failure, now);
        }
        let (park, unpark) = self.parked.changes();
        self.checkpoint.updated_at = Some(now);
        let checkpoint = self.checkpoint.clone();
        let batch = RowsBatch { changes: plan.changes, park, unpark, checkpoint, only_at: None };
        self.insist(|live| live.runtime.block_on(live.store.write(&batch)))?;
        self.parked.written();
        self.progress.set_parked(self.parked.counts(self.models.len()));
        self.progress.wrote();
        self.forget(plan.looked_at)?;
        self.retry_freed()?;
        Ok(Ok(plan.mended))
    }
}

/// [`Live::mend`] for a group that the log's writer folds: written between two commits, where there is room.
///
/// # Errors
/// Where the store fails, or the log was written all the time.
pub(crate) fn mend_beside(
    refold: &mut Refold,
    store: &Arc<dyn RowGroup>,
    feed: &Arc<Feed>,
    runtime: &Handle,
    rollups: bool,
) -> Result<Mended, String> {
    for _ in 0..ATTEMPTS {
        let checkpoint = runtime.block_on(store.checkpoint()).map_err(|error| error.to_string())?;
        let position = checkpoint.position;
        refold.advance(feed, runtime, position, &mut Pace::free())?;
        let plan = plan(refold, &**store, runtime, rollups, &|_| false)?;
        if let Some((_, _, failure)) = plan.park.first() {
            return Err(format!("an inline read model cannot be parked: {}", failure.error));
        }
        let batch =
            RowsBatch { changes: plan.changes, checkpoint, only_at: Some(position), ..RowsBatch::default() };
        match runtime.block_on(store.write(&batch)) {
            Ok(()) => return Ok(plan.mended),
            Err(RowError::Moved(_)) => {}
            Err(error) => return Err(error.to_string()),
        }
    }
    Err("commands came all the time: mend the rows when there are fewer, or over the folder while no server runs"
        .to_owned())
}
