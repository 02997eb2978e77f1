//! Files that are not what was written: what stops, what goes on, and what a restart makes of it.

use std::fs;
use std::ops::Range;
use std::path::Path;

use watershed::core::StreamId;
use watershed::prelude::*;
use watershed::runtime::{AskError, SendError, StateAt, Terms};

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
    overwrite(&folder.path().join("views/balances.1.db"), |_| 0..100);
    let bank = bank::open(folder.path()).await;
    assert_eq!(everything(&bank).await, before);
    assert!(folder.path().join("views/balances.1.db.damaged-1").exists(), "it is kept to be looked at");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_of_a_views_file_that_is_found_later_stops_that_view_until_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    let bank = filled(folder.path(), 400).await;
    everything(&bank).await;
    bank.close().await;
    overwrite(&folder.path().join("views/balances.1.db"), |size| size / 2..size);

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
    assert!(said.contains("balances.1.db is damaged") && said.contains("start again"), "{said}");

    // The log and the other views go on; this one says why it does not.
    bank.send(deposit(&format!("a{number:04}"), 1)).await.unwrap();
    until("the view stopped", || async {
        let views = bank.views(&operator).await.unwrap();
        let balances = views.iter().find(|view| view.name == "balances").unwrap();
        let error = balances.checkpoint.last_error.as_deref().unwrap_or_default();
        balances.status == "stopped" && error.contains("balances.1.db is damaged")
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

/// Changes a word that stands in the log's file.
fn misspell(folder: &Path, word: &str) {
    let file = folder.join("log.db");
    let mut bytes = fs::read(&file).unwrap();
    let found = |place: &usize| bytes[*place..].starts_with(word.as_bytes());
    let places: Vec<usize> = (0..bytes.len() - word.len()).filter(found).collect();
    assert!(!places.is_empty(), "{word} is not in the log");
    places.into_iter().for_each(|place| bytes[place] ^= 1);
    fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_event_is_told_to_whoever_comes_to_it_and_nobody_else_is_held_up() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    let bank = filled(folder.path(), 2).await;
    let seen = everything(&bank).await;
    for view in ["balances", "deposit_sizes"] {
        bank.pause(&operator, view).await.unwrap();
    }
    until("both views are paused", || async {
        let views = bank.views(&operator).await.unwrap();
        views.iter().all(|view| view.status == "paused")
    })
    .await;
    bank.send(opening("victim", "Misspelt", "north")).await.unwrap();
    bank.send(deposit("victim", 5)).await.unwrap();
    bank.send(deposit("a0000", 5)).await.unwrap();
    bank.close().await;
    misspell(folder.path(), "Misspelt");
    let bank = bank::open(folder.path()).await;

    let stream = StreamId::new("account", "victim");
    let told = "event 5 is damaged";
    let read = bank.stream(&operator, &stream, 0, 10).await.unwrap_err();
    assert!(matches!(&read, AskError::DamagedLog(said) if said.contains(told)), "{read}");
    let state = bank.state_json(&operator, &stream, StateAt::Latest).await.unwrap_err();
    assert!(matches!(&state, AskError::DamagedLog(said) if said.contains(told)), "{state}");
    let sent = bank.send(deposit("victim", 1)).await.unwrap_err();
    assert!(matches!(&sent, SendError::DamagedLog(said) if said.contains(told)), "{sent}");
    assert!(!read.is_retryable() && !sent.is_retryable(), "what is damaged stays so");

    // Other streams and the rows that are there are as good as ever.
    bank.send(deposit("a0000", 1)).await.unwrap();
    let others = StreamId::new("account", "a0000");
    assert_eq!(bank.stream(&operator, &others, 0, 10).await.unwrap().events.len(), 4);
    assert!(bank.rebuild_and_wait(&operator, "balances").await.is_err(), "a rebuild comes to it");
    bank.resume(&operator, "balances").await.unwrap();
    until("the view stopped", || async {
        let views = bank.views(&operator).await.unwrap();
        let balances = views.iter().find(|view| view.name == "balances").unwrap();
        balances.status == "stopped"
            && !balances.within_bound
            && balances.checkpoint.last_error.as_deref().is_some_and(|error| error.contains(told))
    })
    .await;
    let row = bank.row_json("balances", "a0000", &Terms::default()).await.unwrap();
    let row = format!("balances {}", row.value.unwrap());
    assert!(seen.contains(&row), "{row}");
}
