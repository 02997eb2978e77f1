//! The ledger, with faults.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use watershed_core::ports::{Later, Ledger, RowError};
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::ledger::{LedgerFixture, broken, promises};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Trims,
    EmptyIsNone,
    NoneIsEmpty,
    OnlyInMemory,
    FirstStays,
    AnyCase,
    Piecemeal,
    LateReads,
    Overwrites,
    LooksFirst,
}

const FAULTS: &[(Fault, &str)] = &[
    (Fault::Trims, "as it was written"),
    (Fault::EmptyIsNone, "as it was written"),
    (Fault::NoneIsEmpty, "there is no document"),
    (Fault::OnlyInMemory, "after the ledger is opened again"),
    (Fault::FirstStays, "takes the place"),
    (Fault::AnyCase, "are different documents"),
    (Fault::Piecemeal, "the old one or the new one"),
    (Fault::LateReads, "nothing older"),
    (Fault::Overwrites, "stays, and whoever is too late"),
    (Fault::LooksFirst, "in place of the same document"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_the_ledger_is_found_out() {
    crate::every_fault_is_found_out(FAULTS, crate::IN_A_RACE, async |fault, words| {
        broken(|| Folder { dir: tempfile::tempdir().unwrap(), fault }, words).await
    })
    .await;
}

#[test]
fn every_promise_of_the_ledger_is_broken_by_a_fault() {
    crate::covers(&promises(), FAULTS);
}

struct Folder {
    dir: TempDir,
    fault: Fault,
}

impl LedgerFixture for Folder {
    async fn open(&self) -> Arc<dyn Ledger> {
        let mut options = Options::default();
        options.wal = 0;
        let ledger = Sqlite::open(self.dir.path(), options).unwrap().ledger();
        Arc::new(Faulty { ledger, fault: self.fault, memory: Mutex::default() })
    }
}

struct Faulty {
    ledger: Arc<dyn Ledger>,
    fault: Fault,
    memory: Mutex<HashMap<String, String>>,
}

impl Ledger for Faulty {
    fn read<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        Box::pin(async move {
            if self.fault == Fault::OnlyInMemory {
                return Ok(self.memory.lock().unwrap().get(name).cloned());
            }
            if self.fault == Fault::LateReads {
                let known = self.memory.lock().unwrap().get(name).cloned();
                let found = self.ledger.read(name).await?;
                self.memory.lock().unwrap().extend(found.clone().map(|found| (name.to_owned(), found)));
                return Ok(known.or(found));
            }
            let name = if self.fault == Fault::AnyCase { name.to_lowercase() } else { name.to_owned() };
            let found = self.ledger.read(&name).await?;
            Ok(match self.fault {
                Fault::NoneIsEmpty => Some(found.unwrap_or_default()),
                Fault::EmptyIsNone => found.filter(|found| !found.is_empty()),
                _ => found,
            })
        })
    }

    fn write<'a>(
        &'a self,
        name: &'a str,
        before: Option<&'a str>,
        document: &'a str,
    ) -> Later<'a, Result<bool, RowError>> {
        Box::pin(async move {
            match self.fault {
                Fault::Trims => self.ledger.write(name, before, document.trim()).await,
                Fault::OnlyInMemory => {
                    self.memory.lock().unwrap().insert(name.to_owned(), document.to_owned());
                    Ok(true)
                }
                Fault::FirstStays if self.ledger.read(name).await?.is_some() => Ok(true),
                Fault::AnyCase => self.ledger.write(&name.to_lowercase(), before, document).await,
                Fault::Piecemeal => {
                    let half: String = document.chars().take(document.chars().count() / 2).collect();
                    self.ledger.write(name, before, &half).await?;
                    self.ledger.write(name, Some(&half), document).await
                }
                Fault::Overwrites => {
                    let found = self.ledger.read(name).await?;
                    self.ledger.write(name, found.as_deref(), document).await
                }
                Fault::LooksFirst => {
                    if self.ledger.read(name).await?.as_deref() != before {
                        return Ok(false);
                    }
                    tokio::task::yield_now().await;
                    let found = self.ledger.read(name).await?;
                    self.ledger.write(name, found.as_deref(), document).await.map(|_| true)
                }
                _ => self.ledger.write(name, before, document).await,
            }
        })
    }
}
