//! `kill -9` at any moment: what was acknowledged is there, nothing is half there, rows are the fold of the log.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use watershed::prelude::*;

use crate::bank::{self, AccountCommand, AccountEvent, deposit, opening};
use crate::rebuilds::everything;
use crate::rows_equal_the_fold::{Dice, log_of};

/// Says to the process that this is the one to be killed, and where its stores are.
pub(crate) const VICTIM: &str = "WATERSHED_TEST_VICTIM";

/// So many kills, and another folder is begun with: every kill is followed by a look at the whole log.
pub(crate) const FOLDER: u64 = 50;

/// Not a test of its own: what the killed process does. Without the variable it does nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_sends_commands_until_it_is_killed() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let bank = bank::open(Path::new(&folder)).await;
    for caller in send_commands(&bank) {
        let _ = caller.await;
    }
}

/// Callers who send commands without end, and print what is acknowledged.
pub(crate) fn send_commands(bank: &Running) -> Vec<tokio::task::JoinHandle<()>> {
    let mut callers = Vec::new();
    for caller in 0..16_u64 {
        let bank = bank.clone();
        callers.push(tokio::spawn(async move {
            let mut dice = Dice(
                caller.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ bank.head().wrapping_add(1).wrapping_mul(77),
            );
            loop {
                let id = format!("a{}", dice.roll(200));
                let key = format!("k{:016x}", dice.roll(u64::MAX));
                let command = match dice.roll(8) {
                    0 | 1 => opening(&id, "Ann", ["north", "south"][dice.roll(2) as usize]),
                    // Two events, which must both be there or neither.
                    2 => AccountCommand::Close { account_id: id },
                    _ => deposit(&id, dice.roll(90) as i64 + 1),
                };
                if let Ok(receipt) = bank.send(command).key(key.as_str()).await {
                    println!("acked {key} {}", receipt.position);
                }
            }
        }));
    }
    callers
}

/// Starts the process that is to be killed: what that test does.
pub(crate) fn start_victim(folder: &Path, test: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(VICTIM, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads what the victim acknowledges, and kills it after so long.
pub(crate) fn kill_after(mut victim: Child, wait: Duration) -> Vec<(String, u64)> {
    let stdout = BufReader::new(victim.stdout.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut acked = Vec::new();
        for line in stdout.lines().map_while(Result::ok) {
            let mut words = line.split(' ').skip_while(|word| !word.ends_with("acked")).skip(1);
            if let (Some(key), Some(position)) =
                (words.next(), words.next().and_then(|text| text.parse().ok()))
            {
                acked.push((key.to_owned(), position));
            }
        }
        acked
    });
    std::thread::sleep(wait);
    victim.kill().unwrap();
    victim.wait().unwrap();
    reader.join().unwrap()
}

/// The stores of a process that was killed. A child that it was just about to start may hold its lock for a moment longer.
pub(crate) async fn stores_after_kill(folder: &Path) -> Stores {
    for _ in 0..200 {
        if let Ok(stores) = watershed::embedded(folder) {
            return stores;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    watershed::embedded(folder).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_and_every_row_is_the_fold() {
    let cycles = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 1_000 } else { 8 };
    let mut folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(0xC0FF_EE11);
    let mut acked: Vec<(String, u64)> = Vec::new();
    let mut all = 0;
    for cycle in 0..cycles {
        if cycle > 0 && cycle % FOLDER == 0 {
            folder = tempfile::tempdir().unwrap();
            acked.clear();
        }
        let wait = Duration::from_millis(60 + dice.roll(400));
        let mine = kill_after(
            start_victim(folder.path(), "kills::a_process_that_sends_commands_until_it_is_killed"),
            wait,
        );
        all += mine.len();
        acked.extend(mine);
        let stores = watershed::embedded(folder.path()).unwrap();
        let log = stores.log.clone();
        let bank = bank::start(stores).await;
        let tenant = Tenant::default();
        for (key, position) in &acked {
            let found = log.find_key(&tenant, key).await.unwrap();
            assert_eq!(
                found.map(|found| found.position),
                Some(*position),
                "cycle {cycle}: `{key}` was acknowledged"
            );
        }
        acked.drain(..acked.len().saturating_sub(2_000));
        let events = log_of(&*log).await;
        let positions: Vec<u64> = events.iter().map(|event| event.position).collect();
        assert_eq!(positions, (1..=events.len() as u64).collect::<Vec<_>>(), "cycle {cycle}");
        halves(&events, cycle);
        let live = everything(&bank).await;
        for view in ["balances", "deposit_sizes"] {
            bank.rebuild_and_wait(&Principal::default(), view).await.unwrap();
        }
        assert_eq!(
            everything(&bank).await,
            live,
            "cycle {cycle}: the rows that survived are the fold of the log"
        );
        bank.close().await;
    }
    assert!(all > 50, "the victims did something: {all}");
}

/// A closed account has no money: its withdrawal and its closing are there together.
fn halves(events: &[Recorded<AccountEvent>], cycle: u64) {
    let mut closing = BTreeSet::new();
    for event in events {
        match &event.data {
            AccountEvent::Withdrawn { .. } => {
                closing.insert(event.stream.id.clone());
            }
            AccountEvent::Closed => {
                closing.remove(&event.stream.id);
            }
            _ => assert!(
                !closing.contains(&event.stream.id),
                "cycle {cycle}: half a command at {}",
                event.position
            ),
        }
    }
    assert!(closing.is_empty(), "cycle {cycle}: half a command at the end: {closing:?}");
}
