use std::io::{BufRead, BufReader, Write};
use std::process::{Command as Process, Stdio};
use std::time::Duration;

use watershed::prelude::*;
use watershed::runtime::{AskError, EditionState, Flag, OperateError, PageAsk, Terms};

use super::domain::{Balance2, GetBalance2, both, second, start, wrong};
use super::{edition, filled, states, until_states};
use crate::bank::{self, deposit};
use crate::troubles::until;
use EditionState::{CaughtUp, Declared, Reversible, Serving, Verified};

async fn balance(bank: &Running, id: &str) -> Option<Balance2> {
    bank.ask(GetBalance2 { account_id: id.into() }).after(bank.token()).await.unwrap().value
}

async fn json(bank: &Running, view: &str, key: &str) -> String {
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    bank.row_json(view, key, &terms).await.unwrap().value.map(|row| row.to_string()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_version_is_filled_verified_cut_over_to_rolled_back_and_the_old_one_retired() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    filled(folder.path()).await;

    let bank = start(both(), folder.path()).await;
    assert_eq!(states(&bank), [(1, Serving), (2, Declared)]);
    // The first version's rows, in the second one's shape.
    let before = balance(&bank, "a4").await.unwrap();
    assert_eq!((before.changes, before.deposits), (4, -1));
    assert!(json(&bank, "balances", "a4").await.contains("\"deposits\":-1"));
    assert!(json(&bank, "branches", "north").await.contains("\"deposits\":-1"));

    bank.backfill(&operator, "balances", None, None).await.unwrap();
    until_states(&bank, &[(1, Serving), (2, CaughtUp)]).await;
    bank.send(deposit("a4", 7)).await.unwrap();
    assert_eq!(balance(&bank, "a4").await.unwrap().deposits, -1, "the first version answers still");

    let verification = bank.verify(&operator, "balances", None).await.unwrap();
    assert_eq!((verification.mismatches, verification.problem), (0, None), "{:?}", verification.listed);
    assert_eq!(verification.rows, 62, "60 accounts, the closed ones too, and 2 branches");
    assert_eq!(states(&bank), [(1, Serving), (2, Verified)]);

    bank.cutover(&operator, "balances", None).await.unwrap();
    assert_eq!(states(&bank), [(1, Reversible), (2, Serving)]);
    let after = balance(&bank, "a4").await.unwrap();
    assert_eq!((after.balance, after.changes, after.deposits), (before.balance + Decimal::from(7), 5, 5));
    assert!(json(&bank, "branches", "north").await.contains("\"deposits\":"));
    assert!(!json(&bank, "branches", "north").await.contains("\"deposits\":-1"));
    bank.send(deposit("a4", 1)).await.unwrap();
    bank.close().await;

    // Across a restart, and back.
    let bank = start(both(), folder.path()).await;
    assert_eq!(states(&bank), [(1, Reversible), (2, Serving)]);
    assert_eq!(balance(&bank, "a4").await.unwrap().deposits, 6);
    bank.rollback(&operator, "balances", None).await.unwrap();
    until_states(&bank, &[(1, Serving), (2, CaughtUp)]).await;
    let back = balance(&bank, "a4").await.unwrap();
    assert_eq!((back.changes, back.deposits), (6, -1), "nothing written meanwhile is missing");
    let unverified = bank.cutover(&operator, "balances", None).await.unwrap_err();
    assert!(unverified.to_string().contains("has not been verified"), "{unverified}");

    bank.verify(&operator, "balances", None).await.unwrap();
    bank.cutover(&operator, "balances", None).await.unwrap();
    bank.retire(&operator, "balances", None).await.unwrap();
    assert_eq!(states(&bank), [(2, Serving)]);
    let views = folder.path().join("views");
    assert!(!views.join("balances.1.db").exists() && views.join("balances.2.db").exists());
    assert_eq!(std::fs::read_link(views.join("balances.db")).unwrap().to_str(), Some("balances.2.db"));
    bank.close().await;

    // The first version's code is gone from the program.
    let bank = start(second(), folder.path()).await;
    assert_eq!(states(&bank), [(2, Serving)]);
    assert_eq!(balance(&bank, "a4").await.unwrap().deposits, 6);
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_wrong_is_found_out_with_key_fields_old_and_new() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    filled(folder.path()).await;
    let bank = start(wrong(), folder.path()).await;
    bank.backfill(&operator, "balances", None, None).await.unwrap();
    until_states(&bank, &[(1, Serving), (2, CaughtUp)]).await;
    let verification = bank.verify(&operator, "balances", None).await.unwrap();
    assert_eq!(verification.mismatches, 7, "6 accounts and their branch");
    let balances = verification.listed.iter().filter(|mismatch| mismatch.view == "balances");
    let mut keys: Vec<&str> = balances.map(|mismatch| mismatch.key.as_str()).collect();
    keys.sort_unstable();
    assert_eq!(keys, ["a19", "a29", "a39", "a49", "a59", "a9"]);
    let first = verification.listed.iter().find(|mismatch| mismatch.key == "a9").unwrap();
    assert_eq!((first.view.as_str(), first.only_in, first.fields.len()), ("balances", "", 1));
    let field = &first.fields[0];
    assert_eq!(field.column, "balance");
    let number = |text: &Option<String>| text.as_ref().unwrap().parse::<Decimal>().unwrap();
    assert_eq!(number(&field.new) - number(&field.old), Decimal::from(13));
    assert_eq!(states(&bank), [(1, Serving), (2, CaughtUp)]);
    let refused = bank.cutover(&operator, "balances", None).await.unwrap_err();
    assert!(matches!(refused, OperateError::WrongState(_)), "{refused}");
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_in_the_wrong_state_are_refused_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    filled(folder.path()).await;
    let bank = start(both(), folder.path()).await;
    let wrong_state = |done: Result<watershed::runtime::Switched, OperateError>, said: &str| {
        let error = done.unwrap_err();
        assert!(matches!(&error, OperateError::WrongState(text) if text.contains(said)), "{error}");
    };
    wrong_state(bank.cutover(&operator, "balances", None).await, "has not been verified");
    wrong_state(bank.rollback(&operator, "balances", None).await, "rolled back to");
    wrong_state(bank.retire(&operator, "balances", None).await, "retired");
    wrong_state(bank.retire(&operator, "balances", Some(1)).await, "is serving: it cannot be retired");
    assert_eq!(bank.cutover(&operator, "balances", Some(9)).await, Err(OperateError::NoEdition(9)));
    assert!(matches!(bank.verify(&operator, "balances", None).await, Err(OperateError::WrongState(_))));
    assert!(matches!(
        bank.backfill(&operator, "nothing", None, None).await,
        Err(OperateError::UnknownView(_))
    ));
    assert_eq!(states(&bank), [(1, Serving), (2, Declared)]);
    bank.backfill(&operator, "branches", None, None).await.unwrap();
    wrong_state(bank.backfill(&operator, "balances", None, None).await, "filled");
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_without_its_predecessors_code_takes_its_place_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path()).await;
    let bank = start(second(), folder.path()).await;
    assert_eq!(states(&bank), [(2, Serving)]);
    assert_eq!(balance(&bank, "a4").await.unwrap().deposits, 4);
    assert!(!folder.path().join("views/balances.1.db").exists());
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_view_that_is_off_does_not_answer_and_one_in_the_shadow_is_folded_unseen() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    filled(folder.path()).await;
    let bank = bank::open(folder.path()).await;
    bank.set_flag(&operator, "balances", Flag::Shadow).await.unwrap();
    let asked = bank.page_json("branches", PageAsk::default(), &Terms::default()).await;
    assert!(matches!(asked, Err(AskError::SwitchedOff(_))), "the group's rollup too");
    bank.send(deposit("a1", 5)).await.unwrap();
    while edition(&bank, 1).lag_events > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    bank.set_flag(&operator, "balances", Flag::Off).await.unwrap();
    while edition(&bank, 1).status != "paused" {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    bank.send(deposit("a1", 5)).await.unwrap();
    bank.close().await;

    let bank = bank::open(folder.path()).await;
    assert_eq!((edition(&bank, 1).flag, edition(&bank, 1).lag_events), (Flag::Off, 1));
    let row = bank.row_json("balances", "a1", &Terms::default()).await;
    assert!(matches!(row, Err(AskError::SwitchedOff(_))));
    bank.set_flag(&operator, "balances", Flag::Serving).await.unwrap();
    assert_eq!(bank::balance(&bank, "a1").await.unwrap().balance, Decimal::from(30));
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollup_that_is_added_is_filled_beside_what_serves_and_then_there_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let without = || {
        let context = Context::new("bank").policy(AllowAll).aggregate::<bank::Account>();
        context.read_models::<(bank::Balance, bank::DepositSize)>().queries::<(bank::GetBalance,)>()
    };
    let bank = start(without(), folder.path()).await;
    for number in 0..300 {
        let id = format!("a{number}");
        bank.send(bank::opening(&id, "Ann", ["north", "south"][number % 2])).await.unwrap();
        bank.send(deposit(&id, 7)).await.unwrap();
    }
    assert_eq!(bank::balance(&bank, "a299").await.unwrap().balance, Decimal::from(7));
    bank.close().await;

    let bank = start(bank::context(), folder.path()).await;
    let began = states(&bank);
    assert_eq!(began.first(), Some(&(1, Serving)), "the old rows serve: {began:?}");
    assert!(bank::balance(&bank, "a299").await.is_some());
    until_states(&bank, &[(2, Serving)]).await;
    assert!(json(&bank, "branches", "north").await.contains("\"accounts\":150"));
    assert_eq!(bank::balance(&bank, "a299").await.unwrap().balance, Decimal::from(7));
    bank.close().await;

    let bank = start(bank::context(), folder.path()).await;
    assert_eq!(states(&bank), [(2, Serving)]);
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cutover_does_not_wait_for_a_version_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    filled(folder.path()).await;
    let bank = start(both().fold_limit(Duration::from_millis(500)), folder.path()).await;
    bank.backfill(&operator, "balances", None, None).await.unwrap();
    until_states(&bank, &[(1, Serving), (2, CaughtUp)]).await;
    bank.verify(&operator, "balances", None).await.unwrap();
    let mut locking = Process::new("sqlite3")
        .arg(folder.path().join("views/balances.2.db"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut commands = locking.stdin.take().unwrap();
    writeln!(commands, "BEGIN IMMEDIATE; SELECT 'locked';").unwrap();
    let mut said = String::new();
    BufReader::new(locking.stdout.take().unwrap()).read_line(&mut said).unwrap();
    assert_eq!(said, "locked\n");

    bank.send(deposit("a4", 7)).await.unwrap();
    // Until the first version has written it: then the second one has to, before it can serve.
    until("folded", || async {
        let editions = bank.editions(&operator, Some("balances")).unwrap();
        editions.iter().any(|edition| edition.edition == 1 && edition.lag_events == 0)
    })
    .await;
    let refused = bank.cutover(&operator, "balances", None).await.unwrap_err();
    assert!(refused.to_string().contains("does not come to a stand within 1s"), "{refused}");
    assert_eq!(states(&bank)[0], (1, Serving));
    assert_eq!(balance(&bank, "a4").await.unwrap().changes, 5, "the first version goes on");

    drop(commands);
    locking.wait().unwrap();
    until_states(&bank, &[(1, Serving), (2, Verified)]).await;
    bank.cutover(&operator, "balances", None).await.unwrap();
    assert_eq!(balance(&bank, "a4").await.unwrap().deposits, 5);
    bank.close().await;
}
