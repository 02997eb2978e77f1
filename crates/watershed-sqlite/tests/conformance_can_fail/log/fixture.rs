use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use watershed_core::ports::{EventLog, Snapshot};
use watershed_core::{StreamId, Tenant};
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::event_log::LogFixture;

use super::faults::Fault;

/// A folder whose log has a fault.
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

impl LogFixture for Folder {
    async fn open(&self) -> Arc<dyn EventLog> {
        let mut options = Options::default();
        options.wal = 0;
        Arc::new(Faulty {
            log: Sqlite::open(self.dir.path(), options).unwrap().log(),
            fault: self.fault,
            again: self.opened.fetch_add(1, Ordering::Relaxed) > 0,
            infected: AtomicBool::new(false),
            burnt: Mutex::default(),
            snapshots: Mutex::default(),
        })
    }
}

/// A log with a fault.
pub(super) struct Faulty {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) fault: Fault,
    /// Whether the log has been opened before.
    pub(super) again: bool,
    /// Whether the next append fails for another's conflict.
    pub(super) infected: AtomicBool,
    /// Tags and keys of appends that were refused.
    pub(super) burnt: Mutex<Vec<String>>,
    pub(super) snapshots: Mutex<HashMap<(Tenant, StreamId), Snapshot>>,
}

impl Faulty {
    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}
