//! Rows held against the log: what somebody changed behind the runtime's back is found, field by field, and put right.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command as Process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use watershed::core::Clock;
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed::runtime::{DriftEntry, DriftKind, EventRange, LookAt, OperateError, Report};

use crate::bank::{self, Balance, Branch, deposit, opening};
use crate::rebuilds::everything;

/// Has the `sqlite3` shell do that to a view's file.
pub(crate) fn tamper(folder: &Path, file: &str, sql: &str) {
    let mut shell = Process::new("sqlite3");
    shell.arg(folder.join(file)).arg(format!("PRAGMA busy_timeout=5000; {sql}"));
    let done = shell_output(&mut shell);
    assert!(done.0, "{sql}: {}", done.1);
}

fn shell_output(shell: &mut Process) -> (bool, String) {
    let output =
        shell.output().unwrap_or_else(|error| panic!("no sqlite3 shell, which this test needs: {error}"));
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A bank of some accounts, which has come to rest.
async fn filled(folder: &Path) -> Running {
    let bank = bank::open(folder).await;
    fill(&bank).await;
    bank
}

async fn fill(bank: &Running) {
    for number in 0..120 {
        let id = format!("a{number:03}");
        bank.send(opening(&id, "Ann", ["north", "south", "east"][number % 3])).await.unwrap();
        for turn in 0..(number % 4) {
            bank.send(deposit(&id, (number * turn) as i64 % 150 + 1)).await.unwrap();
        }
        if number % 10 == 9 {
            bank.send(bank::AccountCommand::Close { account_id: id }).await.unwrap();
        }
    }
    everything(bank).await;
}

async fn offline(bank: &Running, view: &str) -> Report {
    bank.reconcile(&Principal::default(), view, LookAt::Everything).await.unwrap()
}

async fn sampled(bank: &Running, view: &str) -> Report {
    bank.reconcile(&Principal::default(), view, LookAt::Sample(1_000_000)).await.unwrap()
}

/// What was found, as texts: view, key, kind, fields.
fn told(report: &Report) -> BTreeSet<String> {
    let told = |entry: &DriftEntry| {
        let fields: Vec<_> = entry
            .fields
            .iter()
            .map(|field| format!("{}: {} -> {}", field.field, field.stored, field.expected))
            .collect();
        format!("{} {} {:?} {}", entry.view, entry.key, entry.kind, fields.join(", ")).trim_end().to_owned()
    };
    report.views.iter().flat_map(|view| view.rows.iter().map(told)).collect()
}

fn set(told: &[&str]) -> BTreeSet<String> {
    told.iter().map(|text| (*text).to_owned()).collect()
}

const BALANCES: &str = "views/balances.db";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_were_edited_deleted_or_added_by_hand_are_found_and_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let bank = filled(folder.path()).await;
    let before = everything(&bank).await;
    for view in ["balances", "branches", "deposit_sizes"] {
        let report = offline(&bank, view).await;
        assert_eq!((report.drift, report.position), (0, bank.head()), "{:?}", told(&report));
    }
    tamper(
        folder.path(),
        BALANCES,
        "UPDATE balances SET balance = '1.5', owner = 'Eve' WHERE account_id = 'a001'",
    );
    tamper(folder.path(), BALANCES, "UPDATE balances SET owner = 'Eve' WHERE account_id = 'a009'");
    tamper(folder.path(), BALANCES, "UPDATE balances SET _shown = 0 WHERE account_id = 'a002'");
    tamper(folder.path(), BALANCES, "DELETE FROM balances WHERE account_id IN ('a003', 'a004')");
    tamper(
        folder.path(),
        BALANCES,
        "INSERT INTO balances SELECT tenant, 'x1', owner, branch, balance, changes, closed, _position, _revision, _shown \
         FROM balances WHERE account_id = 'a005'",
    );
    tamper(folder.path(), BALANCES, "UPDATE branches SET money = '7' WHERE branch = 'east'");
    tamper(folder.path(), BALANCES, "DELETE FROM branches WHERE branch = 'north'");
    tamper(
        folder.path(),
        "views/deposit_sizes.db",
        "UPDATE deposit_sizes SET deposits = deposits + 1 WHERE size = 'small'",
    );

    for look in [true, false] {
        let report = if look { offline(&bank, "balances").await } else { sampled(&bank, "balances").await };
        let found = told(&report);
        let groups: BTreeSet<String> =
            found.iter().filter(|text| text.starts_with("branches")).cloned().collect();
        let rows: BTreeSet<String> = found.difference(&groups).cloned().collect();
        let expected = [
            r#"balances a001 Edited owner: "Eve" -> "Ann", balance: 1.5 -> 1"#,
            r#"balances a002 Edited (shown): false -> true"#,
            "balances a003 Missing",
            "balances a004 Missing",
            r#"balances a009 Edited owner: "Eve" -> "Ann""#,
            "balances x1 Extra",
        ];
        assert_eq!(rows, set(&expected), "offline: {look}");
        // Offline the groups are those of the fold, online those of the stored rows, which are not what they should be.
        let east = if look { "branches east Edited money: 7 -> " } else { "branches east Edited " };
        assert!(groups.iter().any(|text| text.starts_with(east)), "{groups:?}");
        assert!(groups.contains("branches north Missing"), "{groups:?}");
        assert!(report.views.iter().all(|view| view.last.is_some()), "{report:?}");
    }
    let sizes = offline(&bank, "deposit_sizes").await;
    assert_eq!((sizes.drift, sizes.views[0].rows[0].fields[0].field.as_str()), (1, "deposits"));

    let operator = Principal::default();
    let mended = bank.repair(&operator, "balances").await.unwrap();
    assert_eq!((mended.rows, mended.groups), (6, 2), "{mended:?}");
    bank.repair(&operator, "deposit_sizes").await.unwrap();
    assert_eq!(everything(&bank).await, before);
    for view in ["balances", "deposit_sizes"] {
        assert_eq!(bank.drift(&operator, Some(view)).unwrap()[0].drift, 0);
        assert_eq!(offline(&bank, view).await.drift, 0);
        assert_eq!(sampled(&bank, view).await.drift, 0);
    }
    // What memory holds is what is stored: folding goes on from there.
    for id in ["a001", "a003", "a005"] {
        bank.send(deposit(id, 10)).await.unwrap();
    }
    everything(&bank).await;
    assert_eq!(offline(&bank, "balances").await.drift, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn since_when_a_row_drifts_stands_still_and_a_row_that_is_in_order_again_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let bank = filled(folder.path()).await;
    tamper(folder.path(), BALANCES, "UPDATE balances SET owner = 'Eve' WHERE account_id IN ('a001', 'a002')");
    let first = offline(&bank, "balances").await;
    tamper(folder.path(), BALANCES, "UPDATE balances SET owner = 'Ann' WHERE account_id = 'a001'");
    let second = sampled(&bank, "balances").await;
    assert_eq!((first.drift, second.drift), (2, 1));
    let of = |report: &Report| report.views[0].rows.iter().find(|row| row.key == "a002").cloned().unwrap();
    assert_eq!(of(&first).since, of(&second).since);
    assert!(of(&second).seen > of(&first).seen);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_row_is_rebuilt_by_its_key_also_where_its_fold_was_defective() {
    let folder = tempfile::tempdir().unwrap();
    let bank = filled(folder.path()).await;
    let (before, operator) = (everything(&bank).await, Principal::default());
    tamper(
        folder.path(),
        BALANCES,
        "UPDATE balances SET branch = 'south', balance = '3' WHERE account_id = 'a001'",
    );
    let mended = bank.rebuild_key(&operator, "balances", &Tenant::default(), "a001").await.unwrap();
    assert_eq!((mended.refolded, mended.rows), (1, 1));
    assert_eq!(everything(&bank).await, before);
    let again = bank.rebuild_key(&operator, "balances", &Tenant::default(), "a001").await.unwrap();
    assert_eq!((again.refolded, again.rows), (1, 0));
    tamper(folder.path(), BALANCES, "UPDATE branches SET accounts = 99");
    let groups = bank.rebuild_key(&operator, "branches", &Tenant::default(), "any").await.unwrap();
    assert_eq!((groups.rows, groups.groups), (0, 3));
    assert_eq!(everything(&bank).await, before);
    let size = "UPDATE deposit_sizes SET total = '0'";
    tamper(folder.path(), "views/deposit_sizes.db", size);
    for size in ["small", "middle", "large"] {
        bank.rebuild_key(&operator, "deposit_sizes", &Tenant::default(), size).await.unwrap();
    }
    assert_eq!(everything(&bank).await, before);
    let unknown = bank.rebuild_key(&operator, "nothing", &Tenant::default(), "a001").await;
    assert!(matches!(unknown, Err(OperateError::UnknownView(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_rebuilt_from_a_position_and_by_date_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(ManualClock::at(Timestamp::from_micros(1_000_000)));
    struct Shared(Arc<ManualClock>);
    impl Clock for Shared {
        fn now(&self) -> Timestamp {
            self.0.now()
        }
    }
    let stores = watershed::embedded(folder.path()).unwrap();
    let bank = bank::context().clock(Shared(clock.clone())).start(stores).await.unwrap();
    for number in 0..100 {
        bank.send(opening(&format!("a{number:03}"), "Ann", "north")).await.unwrap();
        clock.advance(Duration::from_secs(1));
    }
    let (before, operator) = (everything(&bank).await, Principal::default());
    let spoil = "UPDATE balances SET owner = 'Eve'";
    tamper(folder.path(), BALANCES, spoil);
    let range = EventRange { from: Some(91), ..EventRange::default() };
    let mended = bank.rebuild_range(&operator, "balances", range).await.unwrap();
    assert_eq!((mended.refolded, mended.rows), (10, 10));
    assert_eq!(offline(&bank, "balances").await.drift, 90);
    let at = |seconds: i64| Timestamp::from_micros((1 + seconds) * 1_000_000);
    let range = EventRange { since: Some(at(10)), until: Some(at(30)), ..EventRange::default() };
    let mended = bank.rebuild_range(&operator, "balances", range).await.unwrap();
    assert_eq!((mended.refolded, mended.rows), (20, 20));
    let left = bank.drift(&operator, Some("balances")).unwrap();
    assert_eq!(left[0].drift, 70, "what was put right is no drift any more");
    bank.rebuild_range(&operator, "balances", EventRange::default()).await.unwrap();
    assert_eq!(everything(&bank).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn live_writes_are_no_drift_and_are_not_lost_by_repairs() {
    let folder = tempfile::tempdir().unwrap();
    let bank = filled(folder.path()).await;
    let done = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let (bank, done) = (bank.clone(), done.clone());
            tokio::spawn(async move {
                let mut sent = 0;
                while !done.load(Ordering::Relaxed) {
                    let id = format!("a{:03}", (sent * 7 + writer * 31) % 120);
                    let _ = bank.send(deposit(&id, i64::from(sent % 90) + 1)).await;
                    sent += 1;
                }
                sent
            })
        })
        .collect();
    let operator = Principal::default();
    let head = bank.head();
    for round in 0.. {
        if round >= 12 && bank.head() > head + 3_000 {
            break;
        }
        for view in ["balances", "deposit_sizes"] {
            let report = if round % 2 == 0 { offline(&bank, view).await } else { sampled(&bank, view).await };
            assert_eq!(report.drift, 0, "round {round}: {:?}", told(&report));
        }
        if round % 3 == 0 {
            tamper(folder.path(), BALANCES, "UPDATE balances SET owner = 'Eve' WHERE account_id < 'a020'");
            let from = Some(bank.head() / 2);
            let range = EventRange { from, ..EventRange::default() };
            bank.rebuild_range(&operator, "balances", range).await.unwrap();
            bank.rebuild_range(&operator, "deposit_sizes", range).await.unwrap();
            offline(&bank, "balances").await;
            bank.repair(&operator, "balances").await.unwrap();
        }
    }
    done.store(true, Ordering::Relaxed);
    let mut sent = 0;
    for writer in writers {
        sent += writer.await.unwrap();
    }
    assert!(sent >= 3_000, "{sent} commands came meanwhile");
    let rows = everything(&bank).await;
    assert_eq!(offline(&bank, "balances").await.drift, 0);
    bank.rebuild_and_wait(&operator, "balances").await.unwrap();
    bank.rebuild_and_wait(&operator, "deposit_sizes").await.unwrap();
    assert_eq!(everything(&bank).await, rows, "the rows are those of a rebuild");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_business_says_of_rows_is_reported_and_never_mended() {
    let folder = tempfile::tempdir().unwrap();
    let stores = watershed::embedded(folder.path()).unwrap();
    let context = bank::context()
        .check("no account is very rich", |row: &Balance| {
            if row.balance > Decimal::from(100) {
                Err(format!("{} is too much", row.balance))
            } else {
                Ok(())
            }
        })
        .check("no account is closed", |row: &Balance| {
            if row.closed { Err("readers do not see it".to_owned()) } else { Ok(()) }
        })
        .check("a branch has accounts", |row: &Branch| {
            if row.accounts < 2 { Err("a lonely account".to_owned()) } else { Ok(()) }
        });
    let bank = context.start(stores).await.unwrap();
    for (id, amount, branch) in [("a1", 5, "north"), ("a2", 500, "north"), ("a3", 5, "south")] {
        bank.send(opening(id, "Ann", branch)).await.unwrap();
        bank.send(deposit(id, amount)).await.unwrap();
    }
    everything(&bank).await;
    bank.send(bank::AccountCommand::Close { account_id: "a1".into() }).await.unwrap();
    bank.send(opening("a4", "Ann", "north")).await.unwrap();
    everything(&bank).await;
    let report = offline(&bank, "balances").await;
    let checks: Vec<_> = report
        .views
        .iter()
        .flat_map(|view| &view.rows)
        .map(|row| {
            (row.kind, row.key.as_str(), row.check.as_deref().unwrap(), row.problem.as_deref().unwrap())
        })
        .collect();
    let expected = [
        (DriftKind::Check, "a2", "no account is very rich", "500 is too much"),
        (DriftKind::Check, "south", "a branch has accounts", "a lonely account"),
    ];
    assert_eq!(checks, expected);
    let mended = bank.repair(&Principal::default(), "balances").await.unwrap();
    assert_eq!((mended.rows, mended.refolded), (0, 0));
    assert_eq!(sampled(&bank, "balances").await.views[0].drift, 1);
    let wrong = Context::new("x").policy(AllowAll).check("none", |_: &Balance| Ok(()));
    let wrong = wrong.start(watershed::embedded(tempfile::tempdir().unwrap().path()).unwrap()).await;
    assert!(wrong.is_err(), "a check of a view that is not there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_memory_holds_of_a_rollup_is_not_what_is_stored_any_more_once_it_is_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let bank = filled(folder.path()).await;
    bank.close().await;
    tamper(folder.path(), BALANCES, "DELETE FROM branches WHERE branch = 'north'");
    let bank = bank::open(folder.path()).await;
    // Begins with a group of one account, as there is none.
    bank.send(opening("b1", "Ben", "north")).await.unwrap();
    everything(&bank).await;
    assert_eq!(told(&offline(&bank, "branches").await).len(), 1);
    let mended = bank.repair(&Principal::default(), "branches").await.unwrap();
    assert_eq!((mended.rows, mended.groups), (0, 1));
    bank.send(deposit("b1", 10)).await.unwrap();
    everything(&bank).await;
    let report = offline(&bank, "branches").await;
    assert_eq!(report.drift, 0, "{:?}", told(&report));
}
