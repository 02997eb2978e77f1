//! `kill -9` while versions are filled, verified, cut over to, rolled back, rebuilt and put right under writes.

use std::path::Path;
use std::process::Command as Process;
use std::time::Duration;

use watershed::core::StreamId;
use watershed::prelude::*;
use watershed::runtime::{DriftEntry, LookAt};

use super::domain::{GetBalance2, both, start};
use super::{EditionState, states};
use crate::bank;
use crate::kills::{FOLDER, VICTIM, kill_after, send_commands, start_victim, stores_after_kill};
use crate::rebuilds::everything;
use crate::rows_equal_the_fold::Dice;

const TEST: &str = "editions::kills::a_process_that_ships_versions_until_it_is_killed";

/// Not a test of its own: what the killed process does. Without the variable it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ships_versions_until_it_is_killed() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let bank = start(both(), Path::new(&folder)).await;
    let mut callers = send_commands(&bank);
    for number in 0..4 {
        callers.push(tokio::spawn(read_for_ever(bank.clone(), number, Path::new(&folder).join(MIXED))));
    }
    let operator = Principal::default();
    let mut dice = Dice(bank.head().wrapping_add(1).wrapping_mul(0x9E37_79B9));
    // Whatever fits the state that the one before has left: what does not is refused.
    for turn in 0_u64.. {
        let _ = bank.backfill(&operator, "balances", None, None).await;
        let _ = bank.verify(&operator, "balances", None).await;
        let _ = bank.cutover(&operator, "balances", None).await;
        match turn % 16 {
            15 => drop(bank.retire(&operator, "balances", None).await),
            turn if turn % 3 == 0 => drop(bank.rollback(&operator, "balances", None).await),
            turn if turn % 3 == 1 => drop(bank.rebuild_and_wait(&operator, "balances").await),
            _ => {
                edit(Path::new(&folder), dice.roll(20));
                let _ = bank.reconcile(&operator, "balances", LookAt::Everything).await;
                println!("repairing");
                let _ = bank.repair(&operator, "balances").await;
                println!("repaired");
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for caller in callers {
        let _ = caller.await;
    }
}

/// Where readers say that they have seen what cannot be.
const MIXED: &str = "mixed";

/// Reads an account again and again: what has happened to it is never less than before, whichever version answers.
async fn read_for_ever(bank: Running, number: u64, mixed: std::path::PathBuf) {
    let (mut seen, mut position, account_id) = (0, 0, format!("a{number}"));
    loop {
        if let Ok(answer) = bank.ask(GetBalance2 { account_id: account_id.clone() }).await {
            // One that is closed is not shown.
            let changes = answer.value.as_ref().map_or(0, |row| row.changes);
            position = answer.position.max(position);
            if changes < seen && changes != 0 && !was_reopened(&bank, &account_id, changes, position).await {
                let back = format!("{account_id}: from {seen} back to {changes}, at {position}");
                std::fs::write(&mixed, back).unwrap();
            }
            seen = changes;
        }
        tokio::task::yield_now().await;
    }
}

/// Whether the account, as it was at that position or later, has seen so many changes: one that is closed and opened again
/// between two looks begins with nothing.
async fn was_reopened(bank: &Running, account_id: &str, changes: i64, position: u64) -> bool {
    let stream = StreamId::new("account", account_id);
    let read = bank.stream(&Principal::default(), &stream, 0, 100_000).await.unwrap();
    assert!(read.complete);
    let mut count = 0;
    for (place, event) in read.events.iter().enumerate() {
        count = match &*event.name {
            "bank.account.opened" => 0,
            "bank.account.deposited" | "bank.account.withdrawn" => count + 1,
            _ => count,
        };
        let next = read.events.get(place + 1).map_or(u64::MAX, |next| next.position);
        if next > position && count == changes {
            return true;
        }
    }
    false
}

/// Changes some rows behind the runtime's back. Whoever waits for this process's output waits for the shell too.
fn edit(folder: &Path, number: u64) {
    let sql = format!(
        "PRAGMA busy_timeout=1000; UPDATE balances SET owner = 'Eve' WHERE account_id LIKE 'a%{number}'"
    );
    let _ = Process::new("sqlite3").arg(folder.join("views/balances.db")).arg(sql).status();
}

/// Of what is wrong after a kill, everything is what somebody has edited; it is put right.
async fn put_right(bank: &Running, cycle: u64) -> usize {
    let operator = Principal::default();
    let report = bank.reconcile(&operator, "balances", LookAt::Everything).await.unwrap();
    let wrong: Vec<&DriftEntry> = report.views.iter().flat_map(|view| &view.rows).collect();
    for entry in &wrong {
        let fields: Vec<&str> = entry.fields.iter().map(|field| &*field.field).collect();
        assert_eq!((&*entry.view, fields), ("balances", vec!["owner"]), "cycle {cycle}: {entry:?}");
    }
    bank.repair(&operator, "balances").await.unwrap();
    let sizes = bank.reconcile(&operator, "deposit_sizes", LookAt::Everything).await.unwrap();
    assert_eq!(sizes.drift, 0, "cycle {cycle}: {:?}", sizes.views);
    wrong.len()
}

/// A folder that the program with the first version alone has begun.
async fn with_the_first_version() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    bank::open(folder.path()).await.close().await;
    folder
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_step_leaves_one_version_that_serves_and_is_the_fold() {
    let cycles = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 1_000 } else { 6 };
    let mut folder = with_the_first_version().await;
    let mut dice = Dice(0xED17_0E11);
    let mut acked = Vec::new();
    let (mut first, mut second, mut edited) = (0, 0, 0);
    for cycle in 0..cycles {
        if cycle > 0 && cycle % FOLDER == 0 {
            folder = with_the_first_version().await;
            acked.clear();
        }
        let wait = Duration::from_millis(80 + dice.roll(400));
        acked.extend(kill_after(start_victim(folder.path(), TEST), wait));
        let stores = stores_after_kill(folder.path()).await;
        let log = stores.log.clone();
        let bank = both().start(stores).await.unwrap();
        for (key, position) in &acked {
            let found = log.find_key(&Tenant::default(), key).await.unwrap();
            assert_eq!(
                found.map(|found| found.position),
                Some(*position),
                "cycle {cycle}: `{key}` was acknowledged"
            );
        }
        acked.drain(..acked.len().saturating_sub(1_000));
        let serving: Vec<_> =
            states(&bank).into_iter().filter(|(_, state)| *state == EditionState::Serving).collect();
        assert_eq!(serving.len(), 1, "cycle {cycle}: {:?}", states(&bank));
        assert_eq!(
            std::fs::read_to_string(folder.path().join(MIXED)).unwrap_or_default(),
            "",
            "cycle {cycle}"
        );
        everything(&bank).await;
        edited += u64::from(put_right(&bank, cycle).await > 0);
        let live = everything(&bank).await;
        if live.iter().any(|row| row.contains("\"deposits\":-1")) {
            first += 1;
        } else {
            second += 1;
        }
        for view in ["balances", "deposit_sizes"] {
            // One that the victim has begun goes on by itself.
            while bank.rebuild_and_wait(&Principal::default(), view).await.is_err() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        assert_eq!(everything(&bank).await, live, "cycle {cycle}: {:?}", states(&bank));
        bank.close().await;
    }
    assert!(
        cycles < 100 || (first > 10 && second > 10 && edited > 10),
        "{first} times the first version served, {second} times the second; {edited} times a kill came before a repair"
    );
}
