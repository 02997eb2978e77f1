//! Rows beside the log, with faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tempfile::TempDir;
use watershed_core::ports::{
    Append, AppendError, Appended, EventLog, Events, GroupSpec, InlineFold, KeyRecord, Later, LogError,
    LogIndex, LogReader, ReadFrom, RowError, RowGroup, RowKey, RowReader, RowsBatch, RowsBesideLog,
    RowsFound, RowsNow, Snapshot, Snapshots, StoredRow,
};
use watershed_core::{
    Ask, LogIdentity, Position, Predicate, StoredEvent, StreamId, TableSpec, Tag, Tenant, Version,
};
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::beside_log::{BesideFixture, Pair, broken, promises};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    NoFolds,
    NoRefusals,
    SecondNeverRefuses,
    EmptyRows,
    LateFolds,
    AnyTable,
    NewTables,
    OneTenantView,
    AnyStatement,
}

const FAULTS: &[(Fault, &str)] = &[
    (Fault::NoFolds, "whoever has an append's answer"),
    (Fault::LateFolds, "whoever has an append's answer"),
    (Fault::EmptyRows, "a fold sees the rows of the appends before"),
    (Fault::EmptyRows, "are those of one append, whenever"),
    (Fault::NoFolds, "rows are those of their tenant"),
    (Fault::NewTables, "agree after both are opened again"),
    (Fault::NoRefusals, "leaves no row"),
    (Fault::SecondNeverRefuses, "a fold that refuses undoes"),
    (Fault::AnyTable, "a batch that cannot be written"),
    (Fault::OneTenantView, "a view gives the rows"),
    (Fault::AnyStatement, "a view that is not one SELECT"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_rows_beside_the_log_is_found_out() {
    crate::every_fault_is_found_out(FAULTS, crate::AT_ONCE, async |fault, words| {
        broken(|| Folder::with(fault), words).await
    })
    .await;
}

#[test]
fn every_promise_of_rows_beside_the_log_is_broken_by_a_fault() {
    crate::covers(&promises(), FAULTS);
}

struct Folder {
    dir: TempDir,
    fault: Fault,
    opened: AtomicU32,
}

impl Folder {
    fn with(fault: Fault) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), fault, opened: AtomicU32::new(0) }
    }
}

impl BesideFixture for Folder {
    async fn open(&self) -> Pair {
        let mut options = Options::default();
        options.wal = 0;
        let folder = Sqlite::open(self.dir.path(), options).unwrap();
        let opened = self.opened.fetch_add(1, Ordering::Relaxed);
        let log = FaultyLog { log: folder.log(), fault: self.fault };
        (Arc::new(log), Arc::new(FaultyRows { rows: folder.rows_beside_log(), fault: self.fault, opened }))
    }
}

struct FaultyRows {
    rows: Arc<dyn RowsBesideLog>,
    fault: Fault,
    opened: u32,
}

impl RowsBesideLog for FaultyRows {
    fn open_inline(&self, mut group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        if self.fault == Fault::NewTables {
            group.version = self.opened.to_string();
        }
        self.rows.open_inline(group)
    }

    fn open_sql_view(
        &self,
        table: TableSpec,
        sql: &'static str,
    ) -> Later<'_, Result<Arc<dyn RowReader>, RowError>> {
        Box::pin(async move {
            let view = match self.rows.open_sql_view(table.clone(), sql).await {
                Err(_) if self.fault == Fault::AnyStatement => {
                    self.rows.open_sql_view(table, "SELECT tenant, stream, number FROM counts").await?
                }
                other => other?,
            };
            Ok(match self.fault {
                Fault::OneTenantView => Arc::new(OneTenant(view)) as Arc<dyn RowReader>,
                _ => view,
            })
        })
    }
}

/// Gives everybody the rows of the default tenant.
struct OneTenant(Arc<dyn RowReader>);

impl RowReader for OneTenant {
    fn ask<'a>(&'a self, _: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move { self.0.ask(&Tenant::default(), ask).await })
    }

    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        self.0.rows(table, keys)
    }

    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        self.0.scan(table, filter, after, limit)
    }
}

/// A fold as a log with a fault runs it.
struct FaultyFold {
    fold: Box<dyn InlineFold>,
    fault: Fault,
    /// What is yet to be written.
    late: RowsBatch,
}

impl InlineFold for FaultyFold {
    fn name(&self) -> &str {
        self.fold.name()
    }

    fn fold(&mut self, events: &[Arc<StoredEvent>], rows: &dyn RowsNow) -> Result<RowsBatch, String> {
        let folded = match self.fault {
            Fault::EmptyRows => self.fold.fold(events, &Empty),
            _ => self.fold.fold(events, rows),
        };
        match self.fault {
            Fault::NoRefusals => Ok(folded.unwrap_or_default()),
            Fault::SecondNeverRefuses if self.fold.name() == "counts_again" => Ok(folded.unwrap_or_default()),
            Fault::LateFolds => Ok(std::mem::replace(&mut self.late, folded?)),
            Fault::AnyTable => {
                let mut batch = folded?;
                batch.changes.iter_mut().for_each(|(table, _)| *table = 0);
                Ok(batch)
            }
            _ => folded,
        }
    }
}

struct Empty;

impl RowsNow for Empty {
    fn row(&self, _: usize, _: &RowKey) -> Result<Option<StoredRow>, RowError> {
        Ok(None)
    }
}

struct FaultyLog {
    log: Arc<dyn EventLog>,
    fault: Fault,
}

impl EventLog for FaultyLog {
    fn identity(&self) -> LogIdentity {
        self.log.identity()
    }

    fn append(&self, append: Append) -> Later<'_, Result<Appended, AppendError>> {
        self.log.append(append)
    }

    fn set_inline(&self, folds: Vec<Box<dyn InlineFold>>) {
        let faulty = |fold| {
            Box::new(FaultyFold { fold, fault: self.fault, late: RowsBatch::default() })
                as Box<dyn InlineFold>
        };
        if self.fault != Fault::NoFolds {
            self.log.set_inline(folds.into_iter().map(faulty).collect());
        }
    }
}

impl LogReader for FaultyLog {
    fn head(&self) -> Position {
        self.log.head()
    }

    fn wait_past(&self, position: Position) -> Later<'_, Position> {
        self.log.wait_past(position)
    }

    fn read(&self, from: ReadFrom) -> Later<'_, Result<Events, LogError>> {
        self.log.read(from)
    }
}

impl LogIndex for FaultyLog {
    fn find_key<'a>(
        &'a self,
        tenant: &'a Tenant,
        key: &'a str,
    ) -> Later<'a, Result<Option<KeyRecord>, LogError>> {
        self.log.find_key(tenant, key)
    }

    fn find_tag<'a>(
        &'a self,
        tenant: &'a Tenant,
        tag: &'a Tag,
    ) -> Later<'a, Result<Option<Position>, LogError>> {
        self.log.find_tag(tenant, tag)
    }

    fn stream_version<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
    ) -> Later<'a, Result<Version, LogError>> {
        self.log.stream_version(tenant, stream)
    }
}

impl Snapshots for FaultyLog {
    fn load_snapshot<'a>(&'a self, tenant: &'a Tenant, stream: &'a StreamId) -> Later<'a, Option<Snapshot>> {
        self.log.load_snapshot(tenant, stream)
    }

    fn save_snapshot(&self, tenant: &Tenant, stream: &StreamId, snapshot: Snapshot) {
        self.log.save_snapshot(tenant, stream, snapshot);
    }
}
