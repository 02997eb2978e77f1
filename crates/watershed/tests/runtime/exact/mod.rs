//! Events that change many rows, and read models that look at each other's rows: whatever fails, waits, is tried again, passed over,
//! rebuilt or put right, rows are what the naive fold makes of the log, and rollups the `GROUP BY` of the rows.

mod crashes;
mod histories;
mod holes;
mod inline;
mod stops;
mod story;
mod yard;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use watershed::core::ports::{EventLog, LogReader, ReadFrom, RowKey, Scope, StoredRow};
use watershed::core::{Row, StoredEvent, Value};
use watershed::prelude::*;
use watershed::runtime::{EditionState, LookAt, Retried};
use watershed_testkit::{Folded, naive_fold, naive_fold_group, naive_rollup};

use self::yard::{DEFECT, YardCommand, YardEvent, first};
use crate::kills::stores_after_kill;
use crate::spied::{Moment, Spied};

/// The views of the group, and the one that stands alone: one of each.
const GROUP: &str = "parcels";
const ALONE: &str = "weights";

/// An open yard, and what a test knows of it.
struct Opened {
    yard: Running,
    log: Arc<dyn EventLog>,
    spied: Spied,
}

fn tenant(name: &str) -> Principal {
    Principal { tenant: Tenant::new(name).unwrap(), ..Principal::default() }
}

fn defect(is_there: bool) {
    DEFECT.store(is_there, Ordering::SeqCst);
}

async fn open(context: Context, folder: &Path) -> Opened {
    let spied = Spied::default();
    let stores = spied.on(stores_after_kill(folder).await);
    let log = stores.log.clone();
    Opened { yard: context.start(stores).await.unwrap(), log, spied }
}

/// Whether the folds have their defect is the same for all tests of a process: one after the other.
async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
    static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    TURN.lock().await
}

async fn events(log: &dyn EventLog) -> Vec<Arc<StoredEvent>> {
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

/// What a row is: its columns, and whether it is shown.
type Content = (Vec<Value>, bool);

/// The contents of rows, and where they were changed last.
type Rows = (BTreeMap<RowKey, Content>, BTreeMap<RowKey, u64>);

fn stored(rows: Vec<StoredRow>) -> Rows {
    let positions = rows.iter().map(|row| (row.key.clone(), row.position)).collect();
    (rows.into_iter().map(|row| (row.key, (row.values, row.shown))).collect(), positions)
}

fn folded<R: ReadModel>(folded: &Folded<R>) -> Rows {
    let rows = folded.rows().iter();
    let contents = rows.clone().map(|(key, row)| (key.clone(), (row.values.clone(), row.shown)));
    (contents.collect(), rows.map(|(key, row)| (key.clone(), row.position)).collect())
}

/// What is parked: key, position of the event that failed, all that waits.
type Waiting = (RowKey, u64, Vec<u64>);

impl Opened {
    async fn record(&self, tenant: &Principal, events: Vec<YardEvent>) {
        let command = YardCommand::Record { yard_id: "y".into(), events };
        self.yard.send(command).by(tenant.clone()).await.unwrap();
    }

    /// Waits until everything is folded.
    async fn rest(&self) {
        let head = self.yard.head();
        if head > 0 {
            for view in [GROUP, ALONE] {
                self.yard.changed(view, head - 1).await.unwrap();
            }
        }
    }

    /// A view's group as it stands, in the edition that serves.
    async fn moment(&self, view: &str) -> Moment {
        let editions = self.yard.editions(&Principal::default(), Some(view)).unwrap();
        let serving = editions.iter().find(|edition| edition.state == EditionState::Serving).unwrap();
        self.spied.moment(view, serving.edition).await
    }

    /// Tries all parked keys again, as long as any is released. Those that wait for others are released with them.
    async fn retry_all(&self) {
        let operator = Principal::default();
        let mut released = true;
        while std::mem::take(&mut released) {
            for entry in self.yard.parked(&operator, None).await.unwrap() {
                let tenant = Tenant::new(&entry.tenant).unwrap();
                let retried = self.yard.retry_parked(&operator, &entry.view, &tenant, &entry.key).await;
                released |= matches!(retried, Ok(Retried::Released { .. }));
            }
        }
    }

    /// That what is stored is the naive fold of the log, as far as no key is parked that the fold would not park.
    async fn assert_is_nearly_the_fold(&self, when: &str) {
        self.compare(when, false).await;
    }

    /// That what is stored is the naive fold of the log, parked keys with all that waits included.
    async fn assert_is_the_fold(&self, when: &str) {
        self.compare(when, true).await;
    }

    async fn compare(&self, when: &str, is_settled: bool) {
        let events = events(&*self.log).await;
        let moment = self.moment(GROUP).await;
        let group = naive_fold_group::<first::Group>(&events);
        compare_model(&moment, when, is_settled, group.of::<first::Hub>()).await;
        compare_model(&moment, when, is_settled, group.of::<first::Line>()).await;
        compare_model(&moment, when, is_settled, group.of::<first::Parcel>()).await;
        compare_rollup::<first::LineCount>(&moment, when).await;
        compare_rollup::<first::HubLoad>(&moment, when).await;
        let moment = self.moment(ALONE).await;
        compare_model(&moment, when, is_settled, &naive_fold::<first::Weight>(&events)).await;
    }

    /// That reconciliation finds nothing.
    async fn assert_no_drift(&self, when: &str) {
        for view in [GROUP, ALONE] {
            for look in [LookAt::Everything, LookAt::Sample(1_000_000)] {
                let report = self.yard.reconcile(&Principal::default(), view, look).await.unwrap();
                assert_eq!(report.drift, 0, "{when}, {look:?}: {:?}", report.views);
            }
        }
    }
}

async fn compare_model<R: ReadModel>(moment: &Moment, when: &str, is_settled: bool, fold: &Folded<R>) {
    let waiting = |key: &RowKey, position, waiting: &[u64]| (key.clone(), position, waiting.to_vec());
    let parked = moment.parked(R::NAME).await;
    let parked: BTreeSet<Waiting> =
        parked.iter().map(|parked| waiting(&parked.key, parked.position, &parked.waiting)).collect();
    let expected: BTreeSet<Waiting> =
        fold.parked().map(|parked| waiting(&parked.key, parked.position, &parked.waiting)).collect();
    if is_settled {
        assert_eq!(parked, expected, "{when}: what of `{}` is parked", R::NAME);
    }
    // Keys that wait longer than they have to are not yet what they will be.
    let open: BTreeSet<&RowKey> = parked.difference(&expected).map(|(key, _, _)| key).collect();
    let missing: Vec<_> = expected.difference(&parked).filter(|(key, _, _)| !open.contains(key)).collect();
    assert_eq!(missing, Vec::<&Waiting>::new(), "{when}: what of `{}` is not parked", R::NAME);
    let (mut found, positions) = stored(moment.rows(R::NAME).await);
    let (mut expected, last_changes) = folded(fold);
    for key in open {
        found.remove(key);
        expected.remove(key);
    }
    assert_eq!(found, expected, "{when}: rows of `{}`", R::NAME);
    // An event that left the row as it was may not have been noted: a row that is built anew is written where it differs.
    let later = found.keys().find(|key| positions[*key] > last_changes[*key]);
    assert_eq!(later, None, "{when}: changed in `{}` later than the fold says", R::NAME);
}

async fn compare_rollup<P: Rollup + PartialEq + std::fmt::Debug>(moment: &Moment, when: &str) {
    let rows = moment.rows(<P::Of as Row>::NAME).await;
    let stored = moment.rows(P::NAME).await;
    let tenants: BTreeSet<Tenant> = rows.iter().chain(&stored).map(|row| row.key.tenant.clone()).collect();
    for tenant in tenants {
        let of = |row: &&StoredRow| row.key.tenant == tenant && row.shown;
        let rows: Vec<P::Of> =
            rows.iter().filter(of).map(|row| P::Of::from_values(row.values.clone()).unwrap()).collect();
        let groups = stored.iter().filter(of);
        let groups = groups.map(|row| P::from_values(row.values[..P::COLUMNS.len()].to_vec()).unwrap());
        assert_eq!(groups.collect::<Vec<P>>(), naive_rollup::<P>(&rows), "{when}: `{}`", P::NAME);
    }
}
