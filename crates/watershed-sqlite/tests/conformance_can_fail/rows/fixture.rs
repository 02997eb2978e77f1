use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use watershed_core::ports::{
    Checkpoint, GroupSpec, Later, Loader, ParkedKey, RowError, RowGroup, RowStore, RowsBatch,
};
use watershed_sqlite::SqliteRows;
use watershed_testkit::conformance::row_store::RowsFixture;

use super::faults::Fault;
use super::loading::FaultyLoader;

/// A folder whose rows have a fault.
pub(super) struct Folder {
    dir: TempDir,
    fault: Fault,
    opened: AtomicU32,
}

impl Folder {
    pub(super) fn with(fault: Fault) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), fault, opened: AtomicU32::new(0) }
    }
}

impl RowsFixture for Folder {
    async fn open(&self) -> Arc<dyn RowStore> {
        Arc::new(FaultyStore {
            store: SqliteRows::open(self.dir.path()).unwrap(),
            fault: self.fault,
            again: self.opened.fetch_add(1, Ordering::Relaxed) > 0,
        })
    }
}

struct FaultyStore {
    store: SqliteRows,
    fault: Fault,
    /// Whether the store has been opened before.
    again: bool,
}

/// A group with a fault.
pub(super) struct FaultyGroup {
    pub(super) group: Arc<dyn RowGroup>,
    pub(super) fault: Fault,
    pub(super) spec: GroupSpec,
    pub(super) again: bool,
}

impl RowStore for FaultyStore {
    fn open(&self, spec: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move {
            let (mut inner, fault) = (spec.clone(), self.fault);
            if fault == Fault::JournalsEverything {
                inner.journal = (0..inner.tables.len()).collect();
            }
            if fault == Fault::OneGroup {
                inner.name = "one".into();
            }
            let names = || spec.tables.iter().flat_map(|table| table.columns.iter());
            if fault == Fault::RefusesWords && names().any(|column| column.name == "order") {
                return Err(RowError::Store("syntax error near order".into()));
            }
            let group = self.store.open(inner).await?;
            if fault == Fault::DropsOther && spec.version == "2" {
                group.loader().await?.finish(Vec::new(), Checkpoint::default()).await?;
            }
            Ok(Arc::new(FaultyGroup { group, fault, spec, again: self.again }) as Arc<dyn RowGroup>)
        })
    }
}

impl FaultyGroup {
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

impl RowGroup for FaultyGroup {
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>> {
        Box::pin(async move {
            let mut checkpoint = self.group.checkpoint().await?;
            match self.fault {
                Fault::AnyVersion => checkpoint.position = checkpoint.position.max(1),
                Fault::NoError => checkpoint.last_error = None,
                _ => {}
            }
            Ok(checkpoint)
        })
    }

    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>> {
        Box::pin(async move {
            let mut parked = self.group.parked().await?;
            match self.fault {
                Fault::ForgetsParked if self.again => parked.clear(),
                Fault::FewParked => parked.reverse(),
                _ => {}
            }
            Ok(parked)
        })
    }

    fn loader(&self) -> Later<'_, Result<Box<dyn Loader>, RowError>> {
        Box::pin(async move {
            let loader = self.group.loader().await?;
            let direct = self.has(Fault::LoadsAtOnce).then(|| self.group.clone());
            Ok(Box::new(FaultyLoader { loader, fault: self.fault, direct }) as Box<dyn Loader>)
        })
    }
}

/// A batch that changes nothing but this table.
pub(super) fn of_one(
    table: usize,
    changes: Vec<watershed_core::ports::RowChange>,
    checkpoint: &Checkpoint,
) -> RowsBatch {
    RowsBatch { changes: vec![(table, changes)], checkpoint: checkpoint.clone(), ..RowsBatch::default() }
}
