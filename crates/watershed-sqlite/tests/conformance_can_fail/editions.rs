//! Editions of rows, and saved ones, with faults.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use watershed_core::ports::{
    GroupSpec, Later, RowChange, RowEditions, RowError, RowGroup, RowSnapshots, RowStore, RowsBatch,
};
use watershed_core::{Position, Predicate, Value};
use watershed_sqlite::SqliteRows;
use watershed_testkit::conformance::row_editions::{self, EditionsFixture};
use watershed_testkit::conformance::row_snapshots;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    // Editions.
    OneEdition,
    AnyName,
    Forgets,
    KeepsRemoved,
    RemovesAll,
    RefusesNothing,
    RemovesOpen,
    PublishesFirst,
    PublishesOnce,
    Unpublishes,
    // Saved ones.
    LosesParked,
    SavesLate,
    SavesInTwo,
    KeepsFirst,
    LosesNotes,
    NotesAnything,
    ForgetsSaved,
    RestoresOnce,
    RestoresOver,
    RestoresNothing,
    SavesNothing,
    AnySavedName,
}

const EDITIONS: &[(Fault, &str)] = &[
    (Fault::OneEdition, "do not touch each other"),
    (Fault::Forgets, "every edition is there after"),
    (Fault::AnyName, "whose names differ"),
    (Fault::KeepsRemoved, "leaves nothing"),
    (Fault::RemovesAll, "no other is touched"),
    (Fault::RefusesNothing, "that is not there can be removed"),
    (Fault::RemovesOpen, "that is open is not removed"),
    (Fault::PublishesFirst, "that was published last"),
    (Fault::PublishesOnce, "that was published last"),
    (Fault::Unpublishes, "what was published is found"),
];

const SAVED: &[(Fault, &str)] = &[
    (Fault::LosesParked, "comes back whole"),
    (Fault::SavesLate, "what comes after it was saved"),
    (Fault::SavesInTwo, "is of one moment"),
    (Fault::KeepsFirst, "takes the place of what bore it"),
    (Fault::LosesNotes, "a note comes back"),
    (Fault::NotesAnything, "a note comes back"),
    (Fault::ForgetsSaved, "is there after the store is opened again"),
    (Fault::RestoresOnce, "again and again"),
    (Fault::RestoresOver, "not restored over"),
    (Fault::RestoresNothing, "makes no edition"),
    (Fault::SavesNothing, "is not saved"),
    (Fault::AnySavedName, "names may be anything"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_editions_is_found_out() {
    crate::every_fault_is_found_out(EDITIONS, crate::AT_ONCE, async |fault, words| {
        row_editions::broken(|| Folder::with(fault), words).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_saved_editions_is_found_out() {
    crate::every_fault_is_found_out(SAVED, crate::IN_A_RACE, async |fault, words| {
        row_snapshots::broken(|| Folder::with(fault), words).await
    })
    .await;
}

#[test]
fn every_promise_of_editions_is_broken_by_a_fault() {
    crate::covers(&row_editions::promises(), EDITIONS);
    crate::covers(&row_snapshots::promises(), SAVED);
}

struct Folder {
    dir: TempDir,
    fault: Fault,
    opened: Mutex<u32>,
}

impl Folder {
    fn with(fault: Fault) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), fault, opened: Mutex::default() }
    }
}

impl EditionsFixture for Folder {
    async fn open(&self) -> Arc<dyn RowEditions> {
        let times = {
            let mut opened = self.opened.lock().unwrap();
            *opened += 1;
            *opened
        };
        let views = self.dir.path().join("views");
        if times > 1 && self.fault == Fault::Forgets {
            std::fs::remove_file(views.join("g.2.db")).unwrap();
        }
        if times > 1 && self.fault == Fault::ForgetsSaved {
            std::fs::remove_dir_all(self.dir.path().join("snapshots")).unwrap();
        }
        let rows = SqliteRows::open(self.dir.path()).unwrap();
        Arc::new(Faulty { rows, fault: self.fault, once: Mutex::default(), seen: Mutex::default() })
    }

    async fn shown(&self, group: &str) -> Option<Position> {
        let name = match group {
            "a b" => "a%20b",
            "G" => "%47",
            other => other,
        };
        let file = self.dir.path().join(format!("views/{name}.db"));
        let plain =
            rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
        let position: i64 = plain.query_row("SELECT position FROM checkpoints", [], |row| row.get(0)).ok()?;
        u64::try_from(position).ok()
    }
}

struct Faulty {
    rows: SqliteRows,
    fault: Fault,
    /// What has been done before, by what it was.
    once: Mutex<HashMap<String, u32>>,
    /// The tables that were opened last.
    seen: Mutex<Option<GroupSpec>>,
}

impl Faulty {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    /// How often this has been asked before.
    fn before(&self, what: &str) -> u32 {
        let mut once = self.once.lock().unwrap();
        let times = once.entry(what.to_owned()).or_default();
        *times += 1;
        *times - 1
    }

    /// The group's edition as this store takes it.
    fn place(&self, group: &str, edition: u32) -> (String, u32) {
        let name = if self.has(Fault::AnyName) { group.to_lowercase() } else { group.to_owned() };
        (name, if self.has(Fault::OneEdition) { 1 } else { edition })
    }

    fn saved(&self, name: &str) -> String {
        if self.has(Fault::AnySavedName) { name.to_lowercase() } else { name.to_owned() }
    }
}

impl RowStore for Faulty {
    fn open(&self, spec: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        let (name, edition) = self.place(&spec.name, spec.edition);
        *self.seen.lock().unwrap() = Some(spec.clone());
        self.rows.open(GroupSpec { name, edition, ..spec })
    }
}

impl RowEditions for Faulty {
    fn publish<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            let edition = if self.has(Fault::PublishesFirst) { 1 } else { edition };
            if self.has(Fault::PublishesOnce) && self.before(&format!("publish {group}")) > 0 {
                return Ok(());
            }
            self.rows.publish(group, edition).await
        })
    }

    fn remove<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            match self.fault {
                Fault::KeepsRemoved => return Ok(()),
                Fault::RemovesAll => self.rows.remove(group, 1).await?,
                Fault::RefusesNothing if edition == 7 => {
                    return Err(RowError::Store("there is no such edition".to_owned()));
                }
                Fault::Unpublishes => self.rows.publish(group, 3).await?,
                Fault::RemovesOpen => return self.rows.remove(group, edition).await.or(Ok(())),
                _ => {}
            }
            self.rows.remove(group, edition).await
        })
    }
}

impl RowSnapshots for Faulty {
    fn save<'a>(
        &'a self,
        group: &'a str,
        edition: u32,
        name: &'a str,
        note: &'a str,
    ) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            let note = if self.has(Fault::LosesNotes) { "" } else { note };
            if self.has(Fault::KeepsFirst) && self.rows.note(name).await?.is_some() {
                return Ok(());
            }
            if self.has(Fault::SavesNothing) {
                return self.rows.save(group, edition, name, note).await.or(Ok(()));
            }
            self.rows.save(group, edition, &self.saved(name), note).await
        })
    }

    fn note<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>> {
        Box::pin(async move {
            let note = self.rows.note(&self.saved(name)).await?;
            Ok(if self.has(Fault::NotesAnything) { note.or(Some(String::new())) } else { note })
        })
    }

    fn restore<'a>(&'a self, name: &'a str, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            match self.fault {
                Fault::RestoresOnce if self.before(name) > 0 => return Ok(()),
                Fault::RestoresOver => self.rows.remove(group, edition).await?,
                Fault::RestoresNothing => return self.rows.restore(name, group, edition).await.or(Ok(())),
                _ => {}
            }
            self.rows.restore(&self.saved(name), group, edition).await?;
            if !matches!(self.fault, Fault::LosesParked | Fault::SavesLate | Fault::SavesInTwo) {
                return Ok(());
            }
            let spec = self.seen.lock().unwrap().clone().unwrap();
            let group = self.rows.open(GroupSpec { name: group.to_owned(), edition, ..spec }).await?;
            let mut changed = RowsBatch { checkpoint: group.checkpoint().await?, ..RowsBatch::default() };
            if self.has(Fault::LosesParked) {
                changed.unpark = group.parked().await?.into_iter().map(|key| (key.table, key.key)).collect();
            } else {
                // As if the rows were those of a later time than the checkpoint.
                let mut rows = group.scan(0, &Predicate::All, None, 10).await?;
                rows.iter_mut().for_each(|row| row.values[1] = Value::Int(-1));
                changed.changes = vec![(0, rows.into_iter().map(RowChange::Put).collect())];
            }
            group.write(&changed).await
        })
    }
}
