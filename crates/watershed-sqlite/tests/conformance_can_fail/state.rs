//! Tables of state, with faults.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rusqlite::Connection;
use tempfile::TempDir;
use watershed_core::ports::{
    Append, AppendError, Appended, ChildChange, EventLog, Events, Expected, InlineFold, KeyRecord, Later,
    LoadedRows, LogError, LogIndex, LogReader, ReadFrom, RootWrite, SaveRule, SchemaStep, Snapshot,
    Snapshots, StateError, StateSchema, StateTables, WhoseRow,
};
use watershed_core::write::{StateRows, TablesSpec};
use watershed_core::{LogIdentity, Position, StreamId, Tag, Tenant, Value, Version};
use watershed_sqlite::{Options, Sqlite};
use watershed_testkit::conformance::state_tables::{StateFixture, StateStores, broken, promises};

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    StepsAsGiven,
    StepsMayFail,
    StepsMayTouchAnything,
    AlwaysFits,
    NoJson,
    EmptyForNone,
    OnlyWhatEventsTold,
    SpelledAnyhow,
    NoPages,
    OneTenant,
    OverwritesOthers,
    KeepsChildren,
    KeepsRoots,
    AnyVersion,
    LooksAtNothing,
    OtherRule,
    EventsAllTheSame,
    LeavesOutWhatFails,
    OneAtATime,
    TakesUponWhatIsThere,
    NoVersions,
    ForgetsChildren,
}

const FAULTS: &[(Fault, &str)] = &[
    (Fault::StepsAsGiven, "in the order of their numbers"),
    (Fault::StepsMayFail, "a step that fails"),
    (Fault::StepsMayTouchAnything, "what the log needs itself"),
    (Fault::AlwaysFits, "tables that do not fit"),
    (Fault::NoJson, "loaded as it was saved"),
    (Fault::EmptyForNone, "without a row has none"),
    (Fault::OnlyWhatEventsTold, "no event has told of"),
    (Fault::SpelledAnyhow, "spells otherwise"),
    (Fault::NoPages, "page by page"),
    (Fault::OneTenant, "each other's rows"),
    (Fault::OverwritesOthers, "its columns and no other"),
    (Fault::KeepsChildren, "made, changed and removed with their root"),
    (Fault::KeepsRoots, "may be made again"),
    (Fault::AnyVersion, "at the row's version, and at no other"),
    (Fault::AnyVersion, "from outside"),
    (Fault::LooksAtNothing, "without events looks"),
    (Fault::OtherRule, "a rule of the database"),
    (Fault::EventsAllTheSame, "leaves no row, no child and no event"),
    (Fault::LeavesOutWhatFails, "meets no row, or several"),
    (Fault::OneAtATime, "taken one upon the other"),
    (Fault::TakesUponWhatIsThere, "what stands upon a save"),
    (Fault::ForgetsChildren, "after the store is opened again"),
];

const FAULTS_IN_A_RACE: &[(Fault, &str)] = &[(Fault::NoVersions, "many writers at once")];

async fn found_out(faults: &[(Fault, &'static str)], attempts: u32) {
    crate::every_fault_is_found_out(faults, attempts, async |fault, words| {
        broken(|| Folder { dir: tempfile::tempdir().unwrap(), fault, opened: AtomicU32::new(0) }, words).await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_tables_of_state_is_found_out() {
    found_out(FAULTS, crate::AT_ONCE).await;
    found_out(FAULTS_IN_A_RACE, crate::IN_A_RACE).await;
}

#[test]
fn every_promise_of_tables_of_state_is_broken_by_a_fault() {
    crate::covers(&promises(), &[FAULTS, FAULTS_IN_A_RACE].concat());
}

struct Folder {
    dir: TempDir,
    fault: Fault,
    opened: AtomicU32,
}

impl StateFixture for Folder {
    async fn open(&self) -> StateStores {
        let mut options = Options::default();
        options.wal = 0;
        let sqlite = Sqlite::open(self.dir.path(), options).unwrap();
        let faulty = Arc::new(Faulty {
            log: sqlite.log(),
            tables: sqlite.tables(),
            file: self.dir.path().join("log.db"),
            fault: self.fault,
            under_way: Mutex::default(),
        });
        if self.fault == Fault::ForgetsChildren && self.opened.fetch_add(1, Ordering::Relaxed) > 0 {
            faulty.outside("DELETE FROM parts").unwrap();
        }
        StateStores { log: faulty.clone(), tables: faulty }
    }

    async fn outside(&self, sql: &str) -> Result<(), String> {
        run(&self.dir.path().join("log.db"), sql)
    }
}

fn run(file: &std::path::Path, sql: &str) -> Result<(), String> {
    let connection = Connection::open(file).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute_batch(sql).map_err(|error| error.to_string())
}

struct Faulty {
    log: Arc<dyn EventLog>,
    tables: Arc<dyn StateTables>,
    file: PathBuf,
    fault: Fault,
    /// The streams that a save is under way for.
    under_way: Mutex<HashSet<StreamId>>,
}

impl Faulty {
    fn outside(&self, sql: &str) -> Result<(), String> {
        run(&self.file, sql)
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    async fn run_steps(&self, owner: &str, steps: &[SchemaStep]) -> Result<(), StateError> {
        match self.fault {
            Fault::StepsAsGiven => {
                for step in steps {
                    self.tables.make(owner, &[*step]).await?;
                }
                Ok(())
            }
            Fault::StepsMayFail => {
                for step in steps {
                    let _ = self.tables.make(owner, &[*step]).await;
                }
                Ok(())
            }
            Fault::StepsMayTouchAnything => {
                let all = steps.iter().try_for_each(|step| self.outside(step.sqlite));
                all.map_err(StateError::Unfit)
            }
            _ => self.tables.make(owner, steps).await,
        }
    }

    async fn load_otherwise(
        &self,
        tables: &TablesSpec,
        tenant: &Tenant,
        id: &str,
    ) -> Result<Option<LoadedRows>, StateError> {
        let (mut tenant, mut id) = (tenant.clone(), id.to_owned());
        match self.fault {
            Fault::OneTenant => tenant = Tenant::default(),
            Fault::SpelledAnyhow => {
                if let Ok(number) = id.trim().parse::<f64>() {
                    id = number.to_string();
                }
            }
            Fault::OnlyWhatEventsTold => {
                let stream = StreamId::new("thing", id.as_str());
                if self.log.stream_version(&tenant, &stream).await == Ok(0) {
                    return Ok(None);
                }
            }
            _ => {}
        }
        let mut found = self.tables.load(tables, &tenant, &id).await?;
        if self.has(Fault::NoJson)
            && let Some(loaded) = &mut found
        {
            for value in &mut loaded.rows.root {
                if matches!(value, Value::Json(_)) {
                    *value = Value::Null;
                }
            }
        }
        if self.has(Fault::EmptyForNone) && found.is_none() {
            let root = vec![Value::Null; tables.root.columns.len()];
            let rows = StateRows { kept: true, root, children: vec![Vec::new(); tables.children.len()] };
            found = Some(LoadedRows { version: 0, rows });
        }
        Ok(found)
    }

    /// What the append is instead, before it is made.
    async fn mistake(&self, append: &mut Append) {
        let is_empty = append.events.is_empty();
        let (tenant, id) = (append.tenant.clone(), append.stream.id.clone());
        let Some(save) = &mut append.save else { return };
        match self.fault {
            Fault::KeepsChildren => {
                save.children.retain(|child| !matches!(child.change, ChildChange::Delete { .. }));
            }
            Fault::KeepsRoots if save.root == RootWrite::Delete => save.root = RootWrite::Update(Vec::new()),
            Fault::LooksAtNothing if is_empty => append.save = None,
            Fault::AnyVersion | Fault::NoVersions => {
                let there = self.tables.load(&save.tables, &tenant, &id).await.unwrap();
                save.expected = there.map(|loaded| loaded.version);
                if self.has(Fault::NoVersions) {
                    append.expected = Expected::Any;
                }
            }
            _ => {}
        }
    }

    async fn append_otherwise(&self, mut append: Append) -> Result<Appended, AppendError> {
        self.mistake(&mut append).await;
        let answer = self.log.append(append.clone()).await;
        let is_save = append.save.is_some();
        match (self.fault, &answer) {
            (Fault::OverwritesOthers, Ok(_)) if is_save => {
                self.outside("UPDATE \"the things\" SET theirs = NULL").unwrap();
                answer
            }
            (Fault::OtherRule, Err(AppendError::SaveRefused { problem, .. })) => {
                Err(AppendError::SaveRefused { rule: SaveRule::Other, problem: problem.clone() })
            }
            (Fault::EventsAllTheSame, Err(_)) if is_save => {
                (append.save, append.expected) = (None, Expected::Any);
                self.log.append(append).await?;
                answer
            }
            (Fault::LeavesOutWhatFails, Err(AppendError::SaveFailed(_))) => {
                append.save.iter_mut().for_each(|save| save.children.clear());
                self.log.append(append).await
            }
            (Fault::TakesUponWhatIsThere, Err(AppendError::Conflict { actual, .. })) => {
                append.expected = Expected::Version(*actual);
                append.save.iter_mut().for_each(|save| save.expected = Some(*actual));
                self.log.append(append).await
            }
            (
                Fault::TakesUponWhatIsThere,
                Err(AppendError::StateMoved { actual: actual @ Some(version), .. }),
            ) => {
                append.expected = Expected::Version(*version);
                append.save.iter_mut().for_each(|save| save.expected = *actual);
                self.log.append(append).await
            }
            _ => answer,
        }
    }
}

impl StateSchema for Faulty {
    fn make<'a>(&'a self, owner: &'a str, steps: &'a [SchemaStep]) -> Later<'a, Result<(), StateError>> {
        Box::pin(self.run_steps(owner, steps))
    }

    fn check<'a>(&'a self, tables: &'a TablesSpec) -> Later<'a, Result<(), StateError>> {
        match self.fault {
            Fault::AlwaysFits => Box::pin(std::future::ready(Ok(()))),
            _ => self.tables.check(tables),
        }
    }
}

impl StateTables for Faulty {
    fn load<'a>(
        &'a self,
        tables: &'a TablesSpec,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Later<'a, Result<Option<LoadedRows>, StateError>> {
        Box::pin(self.load_otherwise(tables, tenant, id))
    }

    fn ids<'a>(
        &'a self,
        tables: &'a TablesSpec,
        after: Option<(&'a Tenant, &'a str)>,
        limit: usize,
    ) -> Later<'a, Result<Vec<WhoseRow>, StateError>> {
        let limit = if self.has(Fault::NoPages) { 1_000 } else { limit };
        self.tables.ids(tables, after, limit)
    }
}

impl EventLog for Faulty {
    fn identity(&self) -> LogIdentity {
        self.log.identity()
    }

    fn append(&self, append: Append) -> Later<'_, Result<Appended, AppendError>> {
        match self.fault {
            Fault::OneAtATime => {
                let stream = append.stream.clone();
                if !self.under_way.lock().unwrap().insert(stream.clone()) {
                    let refused = AppendError::Conflict { expected: 0, actual: 0 };
                    return Box::pin(std::future::ready(Err(refused)));
                }
                let appending = self.log.append(append);
                Box::pin(async move {
                    let answer = appending.await;
                    self.under_way.lock().unwrap().remove(&stream);
                    answer
                })
            }
            // What is appended behind a save is sent at once, as the real one does; it is looked after only once it is refused.
            Fault::TakesUponWhatIsThere => {
                let appending = self.log.append(append.clone());
                Box::pin(async move {
                    match appending.await {
                        Err(AppendError::Conflict { .. } | AppendError::StateMoved { .. }) => {
                            self.append_otherwise(append).await
                        }
                        answer => answer,
                    }
                })
            }
            _ => Box::pin(self.append_otherwise(append)),
        }
    }

    fn set_inline(&self, folds: Vec<Box<dyn InlineFold>>) {
        self.log.set_inline(folds);
    }
}

impl LogReader for Faulty {
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

impl LogIndex for Faulty {
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

impl Snapshots for Faulty {
    fn load_snapshot<'a>(&'a self, tenant: &'a Tenant, stream: &'a StreamId) -> Later<'a, Option<Snapshot>> {
        self.log.load_snapshot(tenant, stream)
    }

    fn save_snapshot(&self, tenant: &Tenant, stream: &StreamId, snapshot: Snapshot) {
        self.log.save_snapshot(tenant, stream, snapshot);
    }
}
