//! Folds that never return: one is given up with its thread and parked, the second ends the process, and so does an inline one.
//! Whatever may end the process runs in one of its own.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use watershed::prelude::*;
use watershed::runtime::{OperateError, Retried, Terms};

use crate::bank::{Account, AccountEvent, deposit, opening};
use crate::kills::VICTIM;
use crate::troubles::until;

/// While it is set, the fold of a deposit of 13 never returns.
static HANGS: AtomicBool = AtomicBool::new(false);

fn hang() {
    while HANGS.load(Ordering::Relaxed) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "sums", version = 1, on(AccountEvent))]
#[contract(owner = "tellers", fresh = operational(2s))]
struct Sum {
    #[key(stream)]
    account_id: String,
    sum: Decimal,
}

impl On<AccountEvent> for Sum {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
        if let AccountEvent::Deposited { amount, .. } = &event.data {
            if *amount == Decimal::from(13) {
                hang();
            }
            let account_id = event.stream.id.to_string();
            row.get_or_put_with(|| Sum { account_id, sum: Decimal::ZERO }).sum += *amount;
        }
        Ok(())
    }
}

/// The same, in the transactions of the commands.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "sums_now", version = 1, on(AccountEvent))]
#[contract(owner = "tellers", fresh = inline)]
struct SumNow {
    #[key(stream)]
    account_id: String,
    sum: Decimal,
}

impl On<AccountEvent> for SumNow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<AccountEvent>) -> Applied {
        if let AccountEvent::Deposited { amount, .. } = &event.data {
            if *amount == Decimal::from(13) {
                hang();
            }
            let account_id = event.stream.id.to_string();
            row.get_or_put_with(|| SumNow { account_id, sum: Decimal::ZERO }).sum += *amount;
        }
        Ok(())
    }
}

fn context() -> Context {
    let context = Context::new("bank").policy(AllowAll).aggregate::<Account>();
    context.fold_limit(Duration::from_millis(500))
}

async fn open(folder: &Path) -> Running {
    context().read_models::<(Sum,)>().start(watershed::embedded(folder).unwrap()).await.unwrap()
}

async fn open_inline(folder: &Path) -> Running {
    context().read_models::<(SumNow,)>().start(watershed::embedded(folder).unwrap()).await.unwrap()
}

async fn sum(bank: &Running, id: &str) -> Option<String> {
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    let row = bank.row_json("sums", id, &terms).await.unwrap().value?;
    let row: serde_json::Value = serde_json::from_str(row.get()).unwrap();
    row["sum"].as_str().map(str::to_owned)
}

async fn is_parked(bank: &Running, id: &str) -> bool {
    let parked = bank.parked(&Principal::default(), Some("sums")).await.unwrap();
    parked.iter().any(|parked| parked.key == id)
}

/// What another process does, up to its end: the test of that name.
pub(crate) fn in_a_process(folder: &Path, test: &str) -> Output {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(VICTIM, folder)
        .output()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fold_that_does_not_return_is_given_up_and_everything_else_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let bank = open(folder.path()).await;
    let (operator, tenant) = (Principal::default(), Tenant::default());
    for id in ["a1", "a2"] {
        bank.send(opening(id, "Ann", "north")).await.unwrap();
        bank.send(deposit(id, 5)).await.unwrap();
    }
    HANGS.store(true, Ordering::Relaxed);
    let stuck = bank.send(deposit("a1", 13)).await.unwrap().position;
    // Folded for whoever waits for it as well, on more threads than the runtime has.
    let token = bank.token();
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (bank, terms) = (bank.clone(), Terms { token: Some(token), ..Terms::default() });
            tokio::spawn(async move { bank.row_json("sums", "a1", &terms).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for id in ["a2", "a1", "a2"] {
        bank.send(deposit(id, 1)).await.unwrap();
    }
    // Asked in the middle of it: answered all the same.
    let answer = bank.retry_parked(&operator, "sums", &tenant, "a2").await;
    assert!(
        matches!(&answer, Err(OperateError::NotParked(_) | OperateError::Unavailable(_))),
        "nobody waits for ever: {answer:?}"
    );
    until("it is parked", || is_parked(&bank, "a1")).await;
    assert_eq!(sum(&bank, "a2").await.as_deref(), Some("7"), "others flow");
    let parked = bank.parked(&operator, None).await.unwrap();
    assert_eq!((parked.len(), parked[0].position), (1, stuck));
    assert!(parked[0].error.contains("did not return"), "{}", parked[0].error);
    assert!(parked[0].attempts >= 5, "nobody tries it again unasked: {}", parked[0].attempts);

    for reader in readers {
        let answer = reader.await.unwrap();
        assert!(
            answer.is_err() || answer.is_ok_and(|row| row.stale),
            "what nobody could fold is not answered as fresh"
        );
    }

    // It comes back after all, and is not let in any more.
    HANGS.store(false, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(is_parked(&bank, "a1").await);

    // A rebuild knows it, and does not hang on it again.
    HANGS.store(true, Ordering::Relaxed);
    bank.rebuild_and_wait(&operator, "sums").await.unwrap();
    assert!(is_parked(&bank, "a1").await);
    assert_eq!(sum(&bank, "a2").await.as_deref(), Some("7"));

    HANGS.store(false, Ordering::Relaxed);
    let retried = bank.retry_parked(&operator, "sums", &tenant, "a1").await.unwrap();
    assert_eq!(retried, Retried::Released { events: 2 });
    assert_eq!(sum(&bank, "a1").await.as_deref(), Some("19"));
    bank.close().await;
}

/// Not a test of its own: hangs on two keys.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_hangs_twice() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    HANGS.store(true, Ordering::Relaxed);
    let bank = open(Path::new(&folder)).await;
    for id in ["a1", "a2", "a3"] {
        bank.send(opening(id, "Ann", "north")).await.unwrap();
        bank.send(deposit(id, 5)).await.unwrap();
    }
    for id in ["a1", "a2"] {
        bank.send(deposit(id, 13)).await.unwrap();
    }
    bank.send(deposit("a3", 1)).await.unwrap();
    println!("all sent");
    tokio::time::sleep(Duration::from_secs(30)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_second_ends_the_process_with_both_keys_parked_and_the_next_does_not_hang_on_them() {
    let folder = tempfile::tempdir().unwrap();
    let output = in_a_process(folder.path(), "no_return::a_process_that_hangs_twice");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(70), "{said}");
    assert!(said.contains("too often, now that of `sums` at event 8"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("all sent"));

    // The program is mended. What waits for operators goes on waiting, and only they have it tried.
    let bank = open(folder.path()).await;
    let (operator, tenant) = (Principal::default(), Tenant::default());
    assert_eq!(sum(&bank, "a3").await.as_deref(), Some("6"));
    assert!(is_parked(&bank, "a1").await && is_parked(&bank, "a2").await);
    bank.rebuild_and_wait(&operator, "sums").await.unwrap();
    for id in ["a1", "a2"] {
        let retried = bank.retry_parked(&operator, "sums", &tenant, id).await.unwrap();
        assert_eq!(retried, Retried::Released { events: 1 });
        assert_eq!(sum(&bank, id).await.as_deref(), Some("18"));
    }
    bank.close().await;
}

/// Not a test of its own: hangs in the middle of a rebuild.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_rebuild_hangs() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    let bank = open(Path::new(&folder)).await;
    for id in ["a1", "a2", "a3"] {
        bank.send(opening(id, "Ann", "north")).await.unwrap();
        bank.send(deposit(id, if id == "a2" { 13 } else { 5 })).await.unwrap();
    }
    assert_eq!(sum(&bank, "a2").await.as_deref(), Some("13"));
    HANGS.store(true, Ordering::Relaxed);
    bank.rebuild_and_wait(&Principal::default(), "sums").await.unwrap();
    assert!(is_parked(&bank, "a2").await);
    assert_eq!(sum(&bank, "a1").await.as_deref(), Some("5"));
    println!("rebuilt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rebuild_that_hangs_begins_again_and_parks_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let output = in_a_process(folder.path(), "no_return::a_process_whose_rebuild_hangs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("rebuilt"));
}

/// Not a test of its own: hangs in the transaction of a command.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_inline_fold_hangs() {
    let Ok(folder) = std::env::var(VICTIM) else { return };
    HANGS.store(true, Ordering::Relaxed);
    let bank = open_inline(Path::new(&folder)).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    bank.send(deposit("a1", 5)).await.unwrap();
    let _ = bank.send(deposit("a1", 13)).await;
    println!("answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_inline_fold_that_does_not_return_ends_the_process_and_leaves_nothing_of_its_command() {
    let folder = tempfile::tempdir().unwrap();
    let output = in_a_process(folder.path(), "no_return::a_process_whose_inline_fold_hangs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(70), "{said}");
    assert!(said.contains("the fold of `sums_now` has not returned from event 3"), "{said}");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("answered"));
    let bank = open_inline(folder.path()).await;
    assert_eq!(bank.head(), 2);
    bank.send(deposit("a1", 13)).await.unwrap();
    bank.close().await;
}
