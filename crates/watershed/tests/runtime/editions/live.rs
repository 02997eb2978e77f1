use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use watershed::prelude::*;
use watershed::runtime::{OnStale, Terms};

use super::domain::{GetBalance2, both, slow, start};
use super::{EditionState, filled, until_states};
use crate::bank::{deposit, withdrawal};

/// Reads one account again and again: what is shown never goes back, is never missing, and never behind a token.
async fn watch(bank: Running, demanding: bool, done: Arc<AtomicBool>, last: Arc<AtomicU64>) -> u64 {
    let (mut seen, mut reads) = (0, 0);
    while !done.load(Ordering::Relaxed) {
        let written = last.load(Ordering::Acquire);
        let asked = bank.ask(GetBalance2 { account_id: "a2".into() });
        let answer = if demanding { asked.after(bank.token()).await } else { asked.await };
        // It is there all the time.
        let row = answer.unwrap().value.unwrap();
        let changes = u64::try_from(row.changes).unwrap();
        assert!(changes >= seen, "from {seen} back to {changes}");
        assert!(!demanding || changes >= written, "{changes} of {written}");
        seen = changes;
        reads += 1;
        tokio::task::yield_now().await;
    }
    reads
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_never_go_back_nor_miss_a_row_while_versions_take_turns_under_writes() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    filled(folder.path()).await;
    let bank = start(both(), folder.path()).await;
    let (done, last) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writer = tokio::spawn({
        let (bank, done, last) = (bank.clone(), done.clone(), last.clone());
        async move {
            let mut written = 2;
            while !done.load(Ordering::Relaxed) {
                bank.send(deposit("a2", 1)).await.unwrap();
                written += 1;
                last.store(written, Ordering::Release);
            }
        }
    });
    let readers = [true, false]
        .map(|demanding| tokio::spawn(watch(bank.clone(), demanding, done.clone(), last.clone())));

    bank.backfill(&operator, "balances", None, None).await.unwrap();
    until_states(&bank, &[(1, EditionState::Serving), (2, EditionState::CaughtUp)]).await;
    let turns = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 200 } else { 10 };
    for _ in 0..turns {
        let verification = bank.verify(&operator, "balances", None).await.unwrap();
        assert_eq!(verification.mismatches, 0, "{:?}", verification.listed);
        bank.cutover(&operator, "balances", None).await.unwrap();
        bank.rollback(&operator, "balances", None).await.unwrap();
    }
    bank.rebuild_and_wait(&operator, "balances").await.unwrap();
    done.store(true, Ordering::Relaxed);
    writer.await.unwrap();
    for reader in readers {
        assert!(reader.await.unwrap() > 10);
    }
    bank.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_version_that_is_behind_comes_up_to_the_old_one_before_it_serves() {
    let folder = tempfile::tempdir().unwrap();
    let operator = Principal::default();
    filled(folder.path()).await;
    let bank = start(slow(), folder.path()).await;
    bank.backfill(&operator, "balances", None, None).await.unwrap();
    until_states(&bank, &[(1, EditionState::Serving), (2, EditionState::CaughtUp)]).await;
    bank.verify(&operator, "balances", None).await.unwrap();
    for _ in 0..200 {
        bank.send(withdrawal("a44", 1)).await.unwrap();
    }
    let terms = Terms { token: Some(bank.token()), on_stale: OnStale::Wait, ..Terms::default() };
    let before = bank.row_json("balances", "a44", &terms).await.unwrap();
    bank.cutover(&operator, "balances", None).await.unwrap();
    let after = bank.row_json("balances", "a44", &Terms::default()).await.unwrap();
    assert!(after.position >= before.position, "from {} back to {}", before.position, after.position);
    assert!(after.value.unwrap().get().contains("\"changes\":204"));
    bank.close().await;
}
