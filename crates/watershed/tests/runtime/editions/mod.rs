//! A changed projection is shipped as a new version beside the old one: filled, verified, cut over to, rolled back.

mod domain;
mod kills;
mod live;
mod saved;
mod steps;

use std::path::Path;
use std::time::{Duration, Instant};

use watershed::prelude::*;
use watershed::runtime::{EditionState, EditionStatus};

use crate::bank::{self, deposit, opening, withdrawal};

/// A bank of some accounts, written by the program that has the first version alone.
async fn filled(folder: &Path) {
    let bank = bank::open(folder).await;
    for number in 0..60_i64 {
        let id = format!("a{number}");
        bank.send(opening(&id, "Ann", ["north", "south"][number as usize % 2])).await.unwrap();
        for turn in 0..number % 5 {
            bank.send(deposit(&id, number * turn % 150 + 20)).await.unwrap();
        }
        if number % 10 == 9 {
            bank.send(withdrawal(&id, 13)).await.unwrap();
        }
        if number % 17 == 0 {
            bank.send(bank::AccountCommand::Close { account_id: id }).await.unwrap();
        }
    }
    bank.close().await;
}

fn states(bank: &Running) -> Vec<(u32, EditionState)> {
    let editions = bank.editions(&Principal::default(), Some("balances")).unwrap();
    editions.iter().map(|edition| (edition.edition, edition.state)).collect()
}

/// Waits until the group's editions show these states.
async fn until_states(bank: &Running, wanted: &[(u32, EditionState)]) {
    let since = Instant::now();
    while states(bank) != wanted {
        assert!(since.elapsed() < Duration::from_secs(20), "{:?}, and not {wanted:?}", states(bank));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn edition(bank: &Running, number: u32) -> EditionStatus {
    let editions = bank.editions(&Principal::default(), Some("balances")).unwrap();
    editions.into_iter().find(|edition| edition.edition == number).unwrap()
}
