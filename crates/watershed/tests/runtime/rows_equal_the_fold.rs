//! Whatever happens, and however often the context is stopped in the middle of it: rows are the fold of the log, and a rollup is
//! the `GROUP BY` of its rows.

use std::collections::BTreeMap;

use watershed::core::ports::{EventLog, LogReader, ReadFrom, Scope};
use watershed::prelude::*;
use watershed::runtime::{PageAsk, Terms};

use crate::bank::{self, AccountCommand, AccountEvent, Balance};

/// A generator of numbers that needs no crate: the same seed gives the same story.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

fn story(dice: &mut Dice) -> AccountCommand {
    let account_id = format!("a{}", dice.roll(12));
    let branch = ["north", "south", "east"][dice.roll(3) as usize].to_owned();
    let amount = Decimal::new(dice.roll(20_000) as i64, 2);
    match dice.roll(10) {
        0 | 1 => AccountCommand::Open { account_id, owner: format!("owner {}", dice.roll(5)), branch },
        2..=5 => AccountCommand::Deposit { account_id, amount, reference: None },
        6 | 7 => AccountCommand::Withdraw { account_id, amount },
        8 => AccountCommand::Move { account_id, branch },
        _ => AccountCommand::Close { account_id },
    }
}

pub(crate) async fn log_of(log: &dyn EventLog) -> Vec<Recorded<AccountEvent>> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |event: &Recorded<AccountEvent>| event.position);
        let read = LogReader::read(log, ReadFrom { scope: Scope::Log, after, limit: 1_000 }).await.unwrap();
        all.extend(read.events.iter().map(|stored| watershed::core::event::decode(stored).unwrap()));
        if read.complete {
            return all;
        }
    }
}

async fn rows(bank: &Running, view: &str) -> Vec<serde_json::Value> {
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    let page = PageAsk { limit: Some(1_000), ..PageAsk::default() };
    let page = bank.page_json(view, page, &terms).await.unwrap();
    page.value.rows.iter().map(|row| serde_json::from_str(row.get()).unwrap()).collect()
}

/// The rows of `balances`, folded by hand.
fn fold(events: &[Recorded<AccountEvent>]) -> BTreeMap<String, Balance> {
    let mut rows: BTreeMap<String, Balance> = BTreeMap::new();
    for event in events {
        let id = event.stream.id.to_string();
        match &event.data {
            AccountEvent::Opened { owner, branch } => {
                let row = Balance {
                    account_id: id.clone(),
                    owner: owner.clone(),
                    branch: branch.clone(),
                    balance: Decimal::ZERO,
                    changes: 0,
                    closed: false,
                };
                rows.insert(id, row);
            }
            AccountEvent::Deposited { amount, .. } => {
                let row = rows.get_mut(&id).unwrap();
                row.balance += *amount;
                row.changes += 1;
            }
            AccountEvent::Withdrawn { amount } => {
                let row = rows.get_mut(&id).unwrap();
                row.balance -= *amount;
                row.changes += 1;
            }
            AccountEvent::Moved { branch } => rows.get_mut(&id).unwrap().branch = branch.clone(),
            AccountEvent::Closed => rows.get_mut(&id).unwrap().closed = true,
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_the_fold_and_rollups_the_group_by_across_restarts_and_rebuilds() {
    for seed in 1..=6 {
        let folder = tempfile::tempdir().unwrap();
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        for life in 0..4 {
            let stores = watershed::embedded(folder.path()).unwrap();
            let log = stores.log.clone();
            let bank = bank::start(stores).await;
            for _ in 0..dice.roll(250) {
                match bank.send(story(&mut dice)).await {
                    Ok(_) | Err(SendError::Refused(_)) => {}
                    Err(other) => panic!("seed {seed}: {other:?}"),
                }
            }
            if life == 2 {
                bank.rebuild_and_wait(&Principal::default(), "balances").await.unwrap();
            }
            let folded = fold(&log_of(&*log).await);
            let shown: Vec<&Balance> = folded.values().filter(|row| !row.closed).collect();
            let stored = rows(&bank, "balances").await;
            assert_eq!(stored.len(), shown.len(), "seed {seed}, life {life}");
            for (stored, folded) in stored.iter().zip(&shown) {
                assert_eq!(stored["account_id"], folded.account_id.as_str());
                assert_eq!(stored["branch"], folded.branch.as_str());
                assert_eq!(stored["balance"].as_str().unwrap().parse::<Decimal>().unwrap(), folded.balance);
                assert_eq!(stored["changes"], folded.changes);
            }
            let mut branches: BTreeMap<&str, Vec<&Balance>> = BTreeMap::new();
            for row in &shown {
                branches.entry(&row.branch).or_default().push(row);
            }
            let stored = rows(&bank, "branches").await;
            assert_eq!(stored.len(), branches.len(), "seed {seed}, life {life}: {stored:?}");
            for (stored, (branch, accounts)) in stored.iter().zip(&branches) {
                let number = |name: &str| stored[name].as_str().unwrap().parse::<Decimal>().unwrap();
                let money: Decimal = accounts.iter().map(|account| account.balance).sum();
                assert_eq!(stored["branch"], *branch);
                assert_eq!(stored["accounts"], accounts.len());
                assert_eq!(number("money"), money);
                assert_eq!(
                    number("average"),
                    money.divided_by(Decimal::from(accounts.len() as i64), 2).unwrap()
                );
                let mut balances: Vec<Decimal> = accounts.iter().map(|account| account.balance).collect();
                balances.sort_unstable();
                assert_eq!(number("median"), balances[balances.len().div_ceil(2) - 1]);
                let idle = accounts.iter().filter(|account| account.changes == 0).count();
                assert_eq!(
                    stored["by_activity"].get("idle").and_then(serde_json::Value::as_u64).unwrap_or(0),
                    idle as u64
                );
            }
            bank.close().await;
        }
    }
}
