//! Kept lines, with faults.

use std::sync::Arc;

use tempfile::TempDir;
use watershed_core::Tenant;
use watershed_core::ports::{BadLine, KeptLines, Later, RowError, Triage, WhichLines};
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::triage::{TriageFixture, broken, promises};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    OnlyText,
    NeverCounts,
    OneTenant,
    NoPages,
    AllOfIt,
    NeverLetsGo,
}

const FAULTS: &[(Fault, &str)] = &[
    (Fault::OnlyText, "byte for byte"),
    (Fault::NeverCounts, "a line that comes again"),
    (Fault::OneTenant, "are other lines"),
    (Fault::NoPages, "page by page"),
    (Fault::AllOfIt, "no more of a line"),
    (Fault::NeverLetsGo, "a line that is let go"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_kept_lines_is_found_out() {
    crate::every_fault_is_found_out(FAULTS, crate::AT_ONCE, async |fault, words| {
        broken(|| Folder { dir: tempfile::tempdir().unwrap(), fault }, words).await
    })
    .await;
}

#[test]
fn every_promise_of_kept_lines_is_broken_by_a_fault() {
    crate::covers(&promises(), FAULTS);
}

struct Folder {
    dir: TempDir,
    fault: Fault,
}

impl TriageFixture for Folder {
    async fn open(&self) -> Arc<dyn Triage> {
        let mut options = Options::default();
        options.wal = 0;
        let triage = Sqlite::open(self.dir.path(), options).unwrap().triage();
        Arc::new(Faulty { triage, fault: self.fault })
    }
}

struct Faulty {
    triage: Arc<dyn Triage>,
    fault: Fault,
}

impl Triage for Faulty {
    fn keep(&self, mut lines: Vec<BadLine>) -> Later<'_, Result<Vec<u64>, RowError>> {
        for line in &mut lines {
            match self.fault {
                Fault::OnlyText => {
                    line.content = String::from_utf8_lossy(&line.content).into_owned().into_bytes();
                }
                Fault::OneTenant => line.tenant = Tenant::default(),
                _ => {}
            }
        }
        self.triage.keep(lines)
    }

    fn list(&self, mut which: WhichLines) -> Later<'_, Result<KeptLines, RowError>> {
        match self.fault {
            Fault::NoPages if which.limit > 0 => which.limit = 1_000,
            Fault::AllOfIt => which.content = u32::MAX,
            _ => {}
        }
        Box::pin(async move {
            let mut found = self.triage.list(which).await?;
            if self.fault == Fault::NeverCounts {
                found.lines.iter_mut().for_each(|line| line.times = 1);
            }
            Ok(found)
        })
    }

    fn release<'a>(&'a self, import: &'a str, number: u64) -> Later<'a, Result<bool, RowError>> {
        match self.fault {
            Fault::NeverLetsGo => Box::pin(std::future::ready(Ok(true))),
            _ => self.triage.release(import, number),
        }
    }
}
