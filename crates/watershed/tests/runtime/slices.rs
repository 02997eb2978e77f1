//! A read model that is folded by several workers is what it is folded by one, byte for byte, whatever happens, and however often
//! their number is changed meanwhile.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use tokio::sync::Mutex;
use watershed::core::ports::{EventLog, LogReader, ReadFrom, RowKey, Scope, StoredRow};
use watershed::core::{Row, StoredEvent, Value};
use watershed::prelude::*;
use watershed::runtime::{OperateError, Retried, ViewStatus};
use watershed_testkit::{Folded, naive_fold};

use crate::depot::{self, BLIND, DepotEvent, HANGS, TABLES, WATCHED, folded_by, many, one, record};
use crate::kills::VICTIM;
use crate::no_return::in_a_process;
use crate::spied::Spied;
use crate::troubles::until;
use crate::{beside_the_log, shop};

/// Held by each of these tests: some look at the threads of the whole process.
static ALONE: Mutex<()> = Mutex::const_new(());

/// What happens to the depot between two changes of the number of workers.
#[derive(Debug, Clone)]
struct Stretch {
    workers: u16,
    /// So many are wished for while it is folded.
    meanwhile: u16,
    /// Whether the events pile up first, so that many are folded at once.
    pile_up: bool,
    /// For each event: what, to which item, and how.
    events: Vec<(u8, u32, u32)>,
}

fn stretches() -> impl Strategy<Value = Vec<Stretch>> {
    let events = vec((0..40_u8, 0..300_u32, any::<u32>()), 1..1_200);
    let stretch = (1..5_u16, 1..5_u16, prop::bool::weighted(0.8), events);
    let stretch = stretch.prop_map(|(workers, meanwhile, pile_up, events)| Stretch {
        workers,
        meanwhile,
        pile_up,
        events,
    });
    vec(stretch, 1..5)
}

fn event((what, item, how): (u8, u32, u32)) -> DepotEvent {
    let bay = |how: u32| format!("bay {}", how % 7);
    let weight = Decimal::new(i64::from(how / 3 % 900) * 10, if how.is_multiple_of(2) { 1 } else { 2 });
    match what {
        0..=9 => DepotEvent::Stored { item, bay: bay(how), weight },
        10..=19 => DepotEvent::Moved { item, bay: bay(how) },
        20..=25 => {
            let items = (0..1 + how % 6).map(|step| (item + step * (how / 7 % 40)) % 300).collect();
            DepotEvent::Weighed { items, weight }
        }
        // Rare: events before it are folded on their own.
        26 if how.is_multiple_of(8) => DepotEvent::BayEmptied { bay: bay(how / 8), into: bay(how / 64) },
        27..=30 => DepotEvent::Hidden { item, hidden: how.is_multiple_of(2) },
        31..=33 => DepotEvent::Fetched { item },
        34 if how.is_multiple_of(6) => DepotEvent::Scratched { item },
        _ => DepotEvent::Stored { item, bay: bay(how), weight },
    }
}

fn other_tenant() -> Principal {
    Principal { tenant: Tenant::new("other").unwrap(), ..Principal::default() }
}

async fn open(folder: &Path, spied: &Spied) -> Running {
    depot::context().start(spied.on(watershed::embedded(folder).unwrap())).await.unwrap()
}

async fn caught_up(depot: &Running) {
    for view in ["items", "items_shared"] {
        depot.changed(view, depot.head() - 1).await.unwrap();
    }
}

async fn status(running: &Running, view: &str) -> ViewStatus {
    let views = running.views(&Principal::default()).await.unwrap();
    views.into_iter().find(|status| status.name == view).unwrap()
}

async fn until_workers(depot: &Running, workers: u16) {
    until("so many workers", || async { status(depot, "items_shared").await.workers == Some(workers) }).await;
}

async fn log_of(log: &dyn EventLog) -> Vec<Arc<StoredEvent>> {
    let mut all: Vec<Arc<StoredEvent>> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.position);
        let read = LogReader::read(log, ReadFrom { scope: Scope::Log, after, limit: 1_000 }).await.unwrap();
        all.extend(read.events);
        if read.complete {
            return all;
        }
    }
}

async fn parked(depot: &Running, view: &str) -> Vec<(String, String, u64, usize, String, String)> {
    let parked = depot.parked(&Principal::default(), Some(view)).await.unwrap();
    let mut parked: Vec<_> = parked
        .into_iter()
        .map(|entry| (entry.tenant, entry.key, entry.position, entry.waiting, entry.error, entry.fingerprint))
        .collect();
    parked.sort();
    parked
}

/// That both read models, and all that hangs on them, are the same in every byte.
async fn assert_same(depot: &Running, spied: &Spied) {
    // Not the revisions: how often a row had changed before it was deleted is forgotten with what memory held of it.
    let positions = |rows: Vec<StoredRow>| rows.into_iter().map(|row| (row.key, row.position));
    let one = positions(spied.rows("items").await);
    assert!(one.eq(positions(spied.rows("items_shared").await)), "the rows' positions");
    for (one, many) in TABLES {
        assert_eq!(spied.contents(one).await, spied.contents(many).await, "{one}");
    }
    assert_eq!(parked(depot, "items").await, parked(depot, "items_shared").await);
}

/// That the stored groups are those of the folded rows.
fn assert_group_by<P>(stored: &[StoredRow], folded: &Folded<P::Of>)
where
    P: Rollup + PartialEq + std::fmt::Debug,
    P::Of: ReadModel,
{
    for tenant in [Tenant::default(), other_tenant().tenant] {
        let of_tenant = stored.iter().filter(|row| row.key.tenant == tenant);
        let readers = |row: &StoredRow| P::from_values(row.values[..P::COLUMNS.len()].to_vec()).unwrap();
        let found: Vec<P> = of_tenant.map(readers).collect();
        assert_eq!(found, folded.rollup_of::<P>(&tenant), "{} of {tenant}", P::NAME);
    }
}

/// That the rows are those of the naive fold, hidden ones and what is parked included.
async fn assert_fold(depot: &Running, spied: &Spied, events: &[Arc<StoredEvent>]) {
    type Contents = (Vec<Value>, bool, u64);
    let folded = naive_fold::<many::Item>(events);
    let stored = spied.rows("items_shared").await.into_iter();
    let stored: BTreeMap<RowKey, Contents> =
        stored.map(|row| (row.key, (row.values, row.shown, row.position))).collect();
    let expected: BTreeMap<RowKey, Contents> = folded
        .rows()
        .iter()
        .map(|(key, row)| (key.clone(), (row.values.clone(), row.shown, row.position)))
        .collect();
    assert_eq!(stored, expected);
    let waiting: Vec<_> = folded
        .parked()
        .map(|of| (of.key.tenant.to_string(), of.key.key.to_string(), of.position, of.waiting.len()))
        .collect();
    let parked = parked(depot, "items_shared").await;
    let found: Vec<_> = parked
        .into_iter()
        .map(|(tenant, key, position, waiting, ..)| (tenant, key, position, waiting))
        .collect();
    assert_eq!(found, waiting);
    assert_group_by::<many::Bay>(&spied.rows("bays_shared").await, &folded);
    assert_group_by::<many::LightWeight>(&spied.rows("light_weights_shared").await, &folded);
}

async fn live_through(stretches: &[Stretch]) {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    let mut workers = 1;
    for stretch in stretches {
        let spied = Spied::default();
        let stores = spied.on(watershed::embedded(folder.path()).unwrap());
        let log = stores.log.clone();
        let depot = depot::context().start(stores).await.unwrap();
        until_workers(&depot, workers).await;
        if stretch.pile_up {
            // Both: batches are shared among the groups as they were first read.
            for view in ["items", "items_shared"] {
                depot.pause(&operator, view).await.unwrap();
            }
        }
        depot.set_workers(&operator, "items_shared", stretch.workers).await.unwrap();
        for (number, events) in stretch.events.chunks(90).enumerate() {
            let sender = if number % 3 == 2 { other_tenant() } else { Principal::default() };
            let events = events.iter().copied().map(event).collect();
            depot.send(record(events)).by(sender).await.unwrap();
        }
        for view in ["items", "items_shared"] {
            depot.resume(&operator, view).await.unwrap();
        }
        // Of the group's rollup: it is the group that is folded.
        depot.set_workers(&operator, "bays_shared", stretch.meanwhile).await.unwrap();
        workers = stretch.meanwhile;
        caught_up(&depot).await;
        until_workers(&depot, workers).await;
        assert_same(&depot, &spied).await;
        assert_fold(&depot, &spied, &log_of(&*log).await).await;
        depot.close().await;
    }
    let spied = Spied::default();
    let depot = open(folder.path(), &spied).await;
    depot.rebuild_and_wait(&operator, "items_shared").await.unwrap();
    caught_up(&depot).await;
    for (one, many) in TABLES {
        assert_eq!(spied.contents(one).await, spied.contents(many).await, "{one}: what is built anew");
    }
    assert_eq!(status(&depot, "items_shared").await.workers, Some(workers), "also of what is built anew");
    depot.close().await;
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 150 } else { 6 },
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_happens_several_workers_make_what_one_makes(stretches in stretches()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(live_through(&stretches));
    }
}

/// Stores so many items, all in one bay, with so many events.
async fn store(depot: &Running, items: u32, events: u32) {
    let stored = |number: u32| DepotEvent::Stored {
        item: number % items,
        bay: "a".into(),
        weight: Decimal::from(i64::from(number)),
    };
    for first in (0..events).step_by(500) {
        let command = record((first..events.min(first + 500)).map(stored).collect());
        depot.send(command).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_key_sees_its_events_in_their_order() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let (spied, operator) = (Spied::default(), Principal::default());
    let depot = open(folder.path(), &spied).await;
    depot.pause(&operator, "items_shared").await.unwrap();
    // Each item is named by every 37th event; its events are all over the log.
    store(&depot, 37, 6_000).await;
    depot.set_workers(&operator, "items_shared", 4).await.unwrap();
    depot.resume(&operator, "items_shared").await.unwrap();
    caught_up(&depot).await;
    let rows = spied.rows("items_shared").await;
    assert_eq!(rows.len(), 37);
    for (item, row) in rows.into_iter().enumerate() {
        let row = many::Item::from_values(row.values).unwrap();
        let expected: Vec<u64> = (1..=6_000).filter(|version| (version - 1) % 37 == item as u64).collect();
        assert_eq!(row.trail, expected, "{}", row.item);
    }
    depot.close().await;
}

/// The names of the threads that have folded since this was asked last.
fn names() -> Vec<String> {
    folded_by().into_keys().collect()
}

#[cfg(target_os = "linux")]
fn helpers() -> Vec<String> {
    let mut names = Vec::new();
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        // A thread may end while it is looked at.
        let name = std::fs::read_to_string(thread.unwrap().path().join("comm")).unwrap_or_default();
        // The system keeps 15 letters of a name.
        if name.trim().ends_with("-items_share") && !name.starts_with("ws-") {
            names.push(name.trim().to_owned());
        }
    }
    names.sort();
    names
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_shared_out_where_there_is_enough_and_threads_end_when_they_are_not_wanted() {
    const OWN: &str = "ws-items_shared";
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    let stores = watershed::embedded(folder.path()).unwrap();
    let depot = depot::context().workers::<many::Item>(3).start(stores).await.unwrap();
    until_workers(&depot, 3).await;
    // A thread gives itself its name.
    until("both threads", || async { helpers() == ["ws2-items_share", "ws3-items_share"] }).await;
    let pile_up = async |depot: &Running| {
        depot.pause(&operator, "items_shared").await.unwrap();
        store(depot, 300, 900).await;
        folded_by();
        depot.resume(&operator, "items_shared").await.unwrap();
        caught_up(depot).await;
        names()
    };
    WATCHED.store(true, Ordering::Relaxed);
    assert_eq!(pile_up(&depot).await, [OWN, "ws2-items_shared", "ws3-items_shared"]);
    for _ in 0..5 {
        store(&depot, 100, 100).await;
        caught_up(&depot).await;
    }
    assert_eq!(names(), [OWN], "short batches are not worth it");
    depot.set_workers(&operator, "items_shared", 1).await.unwrap();
    until_workers(&depot, 1).await;
    assert_eq!(helpers(), Vec::<String>::new());
    assert_eq!(pile_up(&depot).await, [OWN]);
    depot.set_workers(&operator, "items_shared", 2).await.unwrap();
    until_workers(&depot, 2).await;
    assert_eq!(pile_up(&depot).await, [OWN, "ws2-items_shared"]);
    WATCHED.store(false, Ordering::Relaxed);
    depot.close().await;
    assert_eq!(helpers(), Vec::<String>::new(), "nothing outlives the context");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fold_that_panics_parks_its_key_on_whichever_thread_and_the_others_flow() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let (spied, operator) = (Spied::default(), Principal::default());
    let depot = open(folder.path(), &spied).await;
    depot.set_workers(&operator, "items_shared", 3).await.unwrap();
    for view in ["items", "items_shared"] {
        depot.pause(&operator, view).await.unwrap();
    }
    store(&depot, 300, 900).await;
    depot.send(record((0..300).step_by(7).map(|item| DepotEvent::Dropped { item }).collect())).await.unwrap();
    store(&depot, 300, 600).await;
    for view in ["items", "items_shared"] {
        depot.resume(&operator, view).await.unwrap();
    }
    caught_up(&depot).await;
    let parked = parked(&depot, "items_shared").await;
    assert_eq!(parked.len(), 43);
    for (_, key, position, waiting, error, _) in &parked {
        assert_eq!((*waiting, error.as_str()), (3, "the fold panicked: it broke"), "{key}");
        assert!((901..=943).contains(position), "{key}: {position}");
    }
    assert_same(&depot, &spied).await;
    depot.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_outside_of_a_fold_stops_the_group_and_nothing_is_lost() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let (spied, operator) = (Spied::default(), Principal::default());
    let depot = open(folder.path(), &spied).await;
    store(&depot, 300, 300).await;
    caught_up(&depot).await;
    // On several threads, and on the group's own.
    for workers in [3, 1] {
        depot.set_workers(&operator, "items_shared", workers).await.unwrap();
        depot.pause(&operator, "items_shared").await.unwrap();
        store(&depot, 200, 1_000).await;
        BLIND.store(true, Ordering::Relaxed);
        depot.resume(&operator, "items_shared").await.unwrap();
        until("it has stopped", || async { status(&depot, "items_shared").await.status == "stopped" }).await;
        BLIND.store(false, Ordering::Relaxed);
        let stopped = status(&depot, "items_shared").await;
        assert_eq!(
            stopped.checkpoint.last_error.as_deref(),
            Some("the fold panicked: nobody can see"),
            "{workers}"
        );
        depot.resume(&operator, "items_shared").await.unwrap();
        caught_up(&depot).await;
        assert_same(&depot, &spied).await;
        assert_eq!(status(&depot, "items_shared").await.workers, Some(workers));
    }
    depot.close().await;
}

/// Not a test of its own: a fold on another thread than the group's own never returns.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_shared_fold_hangs() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let operator = Principal::default();
    let stores = watershed::embedded(&folder).unwrap();
    let depot = depot::context().fold_limit(Duration::from_millis(500)).workers::<many::Item>(3);
    let depot = depot.start(stores).await.unwrap();
    // One command's events are in one batch.
    let fold_at_once = async |first: DepotEvent| {
        let stored = |number: u32| DepotEvent::Stored {
            item: number % 300,
            bay: "a".into(),
            weight: Decimal::from(i64::from(number)),
        };
        depot.send(record(std::iter::once(first).chain((0..900).map(stored)).collect())).await.unwrap();
    };
    WATCHED.store(true, Ordering::Relaxed);
    fold_at_once(DepotEvent::Hidden { item: 1, hidden: false }).await;
    caught_up(&depot).await;
    let row = folded_by().remove("ws3-items_shared").unwrap();
    let item = (0..300).find(|item| depot::item_key(*item) == row).unwrap();
    HANGS.store(true, Ordering::Relaxed);
    fold_at_once(DepotEvent::Dropped { item }).await;
    until("its key is parked", || async { !parked(&depot, "items_shared").await.is_empty() }).await;
    caught_up(&depot).await;
    let parked = parked(&depot, "items_shared").await;
    assert_eq!((parked.len(), parked[0].1.as_str(), parked[0].3), (1, row.as_str(), 4), "and three wait");
    assert!(parked[0].4.contains("did not return"), "{}", parked[0].4);
    assert_eq!(status(&depot, "items_shared").await.workers, Some(3), "the next thread has as many workers");
    names();
    fold_at_once(DepotEvent::Hidden { item: 1, hidden: true }).await;
    caught_up(&depot).await;
    assert_eq!(names().len(), 3, "and they share the work");
    HANGS.store(false, Ordering::Relaxed);
    let retried = depot.retry_parked(&operator, "items_shared", &Tenant::default(), &row).await.unwrap();
    assert!(matches!(retried, Retried::StillParked { .. }), "it panics now: {retried:?}");
    depot.close().await;
    println!("closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fold_that_never_returns_is_given_up_on_whichever_thread() {
    let folder = tempfile::tempdir().unwrap();
    let output = in_a_process(folder.path(), "slices::a_process_whose_shared_fold_hangs");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("closed"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_operators_say_of_workers_outlives_restarts_and_what_the_program_says_is_no_decision() {
    let _alone = ALONE.lock().await;
    let (folder, operator) = (tempfile::tempdir().unwrap(), Principal::default());
    let start = async |workers: u16| {
        let stores = watershed::embedded(folder.path()).unwrap();
        depot::context().workers::<many::Item>(workers).start(stores).await.unwrap()
    };
    let depot = start(2).await;
    until_workers(&depot, 2).await;
    assert_eq!(status(&depot, "items").await.workers, Some(1), "one where nothing is said");
    depot.set_workers(&operator, "items_shared", 4).await.unwrap();
    until_workers(&depot, 4).await;
    depot.close().await;
    let depot = start(3).await;
    until_workers(&depot, 4).await;
    depot.set_workers(&operator, "items_shared", 3).await.unwrap();
    depot.close().await;
    let depot = start(2).await;
    until_workers(&depot, 2).await;
    depot.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn workers_that_cannot_be_are_refused() {
    let _alone = ALONE.lock().await;
    let operator = Principal::default();
    let folder = tempfile::tempdir().unwrap();
    let depot = open(folder.path(), &Spied::default()).await;
    for workers in [0, 17, u16::MAX] {
        let problem = "a view is folded by 1 to 16 workers".to_owned();
        assert_eq!(
            depot.set_workers(&operator, "items", workers).await,
            Err(OperateError::Malformed { field: "workers", problem })
        );
    }
    assert_eq!(
        depot.set_workers(&operator, "nothing", 2).await,
        Err(OperateError::UnknownView("nothing".into()))
    );
    depot.close().await;
    let folder = tempfile::tempdir().unwrap();
    let shop = shop::open(folder.path()).await;
    for view in ["shelves", "products"] {
        let refused = shop.set_workers(&operator, view, 2).await;
        let problem = "`products` is folded together with `shelves`, whose rows it may look at: one worker folds such a group";
        assert_eq!(refused, Err(OperateError::WrongState(problem.into())));
        shop.set_workers(&operator, view, 1).await.unwrap();
    }
    shop.close().await;
    let folder = tempfile::tempdir().unwrap();
    let books = beside_the_log::open(folder.path()).await;
    for view in ["ledger", "branch_sizes"] {
        let refused = books.set_workers(&operator, view, 2).await;
        assert!(matches!(refused, Err(OperateError::WrongState(_))), "{refused:?}");
        assert_eq!(status(&books, view).await.workers, None);
    }
    books.close().await;
}

#[tokio::test]
async fn a_context_that_gives_workers_to_whom_it_cannot_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let stores = watershed::embedded(folder.path()).unwrap();
    let refused = async |context: Context| context.start(stores.clone()).await.err().unwrap().to_string();
    for workers in [0, 17] {
        let said = refused(depot::context().workers::<one::Item>(workers)).await;
        assert!(said.contains(&format!("`items` cannot be kept: it is given {workers} workers")), "{said}");
    }
    let said = refused(
        Context::new("depot")
            .policy(AllowAll)
            .aggregate::<depot::Depot>()
            .read_models::<(one::Item,)>()
            .workers::<many::Item>(2),
    )
    .await;
    assert!(said.contains("`items_shared` cannot be kept: it is given workers, but no projector"), "{said}");
    let said = refused(
        Context::new("depot")
            .policy(AllowAll)
            .aggregate::<depot::Depot>()
            .group::<(one::Item, many::Item)>()
            .workers::<many::Item>(2),
    )
    .await;
    assert!(said.contains("folded together with `items`"), "{said}");
}
