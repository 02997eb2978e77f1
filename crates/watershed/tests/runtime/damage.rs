//! Files that are not what was written: what stops, what goes on, and what a restart makes of it.

use std::fs;
use std::ops::Range;
use std::path::Path;

use watershed::prelude::*;
use watershed::runtime::{AskError, Terms};

use crate::bank::{self, deposit, opening};
use crate::rebuilds::everything;
use crate::troubles::until;

/// A bank with that many accounts, and a deposit in each.
async fn filled(folder: &Path, accounts: usize) -> Running {
    let bank = bank::open(folder).await;
    for number in 0..accounts {
        let id = format!("a{number:04}");
        bank.send(opening(&id, "Ann", ["north", "south"][number % 2])).await.unwrap();
        bank.send(deposit(&id, number as i64 + 1)).await.unwrap();
    }
    bank
}

/// Writes other bytes over a part of the file.
fn overwrite(file: &Path, part: impl FnOnce(usize) -> Range<usize>) {
    let mut bytes = fs::read(file).unwrap();
    let part = part(bytes.len());
    bytes[part].fill(0xA5);
    fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_views_file_that_cannot_be_opened_is_set_aside_and_its_rows_are_folded_anew() {
    let folder = tempfile::tempdir().unwrap();
    let bank = filled(folder.path(), 30).await;
    let before = everything(&bank).await;
    bank.close().await;
    overwrite(&folder.path().join("views/balances.db"), |_| 0..100);
    let bank = bank::open(folder.path()).await;
    assert_eq!(everything(&bank).await, before);
    assert!(folder.path().join("views/balances.db.damaged-1").exists(), "it is kept to be looked at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_of_a_views_file_that_is_found_later_stops_that_view_until_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    let bank = filled(folder.path(), 400).await;
    everything(&bank).await;
    bank.close().await;
    overwrite(&folder.path().join("views/balances.db"), |size| size / 2..size);

    let bank = bank::open(folder.path()).await;
    let mut damaged = None;
    for number in 0..400 {
        match bank.row_json("balances", &format!("a{number:04}"), &Terms::default()).await {
            Ok(_) => {}
            Err(AskError::DamagedView(said)) => damaged = Some((number, said)),
            Err(other) => panic!("{other}"),
        }
    }
    let (number, said) = damaged.unwrap();
    assert!(said.contains("balances.db is damaged") && said.contains("start again"), "{said}");

    // The log and the other views go on; this one says why it does not.
    bank.send(deposit(&format!("a{number:04}"), 1)).await.unwrap();
    until("the view stopped", || async {
        let views = bank.views(&operator).await.unwrap();
        let balances = views.iter().find(|view| view.name == "balances").unwrap();
        let error = balances.checkpoint.last_error.as_deref().unwrap_or_default();
        balances.status == "stopped" && error.contains("balances.db is damaged")
    })
    .await;
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    assert!(bank.row_json("deposit_sizes", "small", &terms).await.unwrap().value.is_some());
    bank.close().await;

    let bank = bank::open(folder.path()).await;
    let after = everything(&bank).await;
    bank.close().await;
    fs::remove_dir_all(folder.path().join("views")).unwrap();
    let bank = bank::open(folder.path()).await;
    assert_eq!(everything(&bank).await, after, "as from the log's first event");
}
