use std::sync::Arc;

use watershed_core::ports::{Checkpoint, Later, Loader, ParkedKey, RowChange, RowError, RowGroup, StoredRow};

use super::faults::Fault;
use super::fixture::of_one;

pub(super) struct FaultyLoader {
    pub(super) loader: Box<dyn Loader>,
    pub(super) fault: Fault,
    /// Where rows are written at once.
    pub(super) direct: Option<Arc<dyn RowGroup>>,
}

impl Loader for FaultyLoader {
    fn add<'a>(&'a mut self, table: usize, mut rows: Vec<StoredRow>) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            if let Some(group) = &self.direct {
                let checkpoint = group.checkpoint().await?;
                let changes = rows.iter().cloned().map(RowChange::Put).collect();
                group.write(&of_one(table, changes, &checkpoint)).await?;
            }
            if self.fault == Fault::LoadsFew {
                rows.truncate(1_000);
            }
            self.loader.add(table, rows).await
        })
    }

    fn finish(
        self: Box<Self>,
        parked: Vec<ParkedKey>,
        checkpoint: Checkpoint,
    ) -> Later<'static, Result<(), RowError>> {
        let parked = if self.fault == Fault::LosesLoadedParked { Vec::new() } else { parked };
        self.loader.finish(parked, checkpoint)
    }
}
