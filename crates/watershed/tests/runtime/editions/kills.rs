//! `kill -9` while versions are filled, verified, cut over to, rolled back and rebuilt under writes.

use std::path::Path;
use std::time::Duration;

use watershed::prelude::*;

use super::domain::{both, start};
use super::{EditionState, states};
use crate::bank;
use crate::kills::{FOLDER, VICTIM, kill_after, send_commands, start_victim};
use crate::rebuilds::everything;
use crate::rows_equal_the_fold::Dice;

const TEST: &str = "editions::kills::a_process_that_ships_versions_until_it_is_killed";

/// Not a test of its own: what the killed process does. Without the variable it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_ships_versions_until_it_is_killed() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let bank = start(both(), Path::new(&folder)).await;
    let callers = send_commands(&bank);
    let operator = Principal::default();
    // Whatever fits the state that the one before has left: what does not is refused.
    for turn in 0_u64.. {
        let _ = bank.backfill(&operator, "balances", None, None).await;
        let _ = bank.verify(&operator, "balances", None).await;
        let _ = bank.cutover(&operator, "balances", None).await;
        match turn % 16 {
            15 => drop(bank.retire(&operator, "balances", None).await),
            turn if turn % 3 == 0 => drop(bank.rollback(&operator, "balances", None).await),
            turn if turn % 3 == 1 => drop(bank.rebuild_and_wait(&operator, "balances").await),
            _ => drop(bank.repair(&operator, "deposit_sizes").await),
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for caller in callers {
        let _ = caller.await;
    }
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
    let (mut first, mut second) = (0, 0);
    for cycle in 0..cycles {
        if cycle > 0 && cycle % FOLDER == 0 {
            folder = with_the_first_version().await;
            acked.clear();
        }
        let wait = Duration::from_millis(80 + dice.roll(400));
        acked.extend(kill_after(start_victim(folder.path(), TEST), wait));
        let stores = watershed::embedded(folder.path()).unwrap();
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
        cycles < 100 || (first > 10 && second > 10),
        "{first} times the first version served, {second} times the second"
    );
}
