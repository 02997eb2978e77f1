use std::sync::Arc;

use watershed::prelude::*;

use crate::bank::{self, AccountCommand, AccountRefusal, balance, deposit, opening, withdrawal};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_is_in_the_rows_of_whoever_shows_its_token() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    let receipt = bank.send(opening("a1", "Ann", "north")).await.unwrap();
    assert_eq!((receipt.version, receipt.position), (1, 1));
    assert_eq!(receipt.stream, "account/a1");
    let receipt = bank.send(deposit("a1", 30)).await.unwrap();
    let answer = bank.ask(bank::GetBalance { account_id: "a1".into() }).after(receipt.token).await.unwrap();
    assert_eq!(answer.value.as_ref().unwrap().balance, Decimal::from(30));
    assert!(answer.position >= receipt.position && !answer.stale);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_takes_effect_once_also_after_a_restart_and_among_twins() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    let first = bank.send(deposit("a1", 30)).key("k1").await.unwrap();
    let again = bank.send(deposit("a1", 30)).key("k1").await.unwrap();
    assert!(again.replayed && !first.replayed);
    assert_eq!(
        (again.position, again.version, &again.events),
        (first.position, first.version, &first.events)
    );
    assert!(matches!(bank.send(deposit("a1", 31)).key("k1").await, Err(SendError::KeyReused)));

    let mut twins = Vec::new();
    for _ in 0..32 {
        let bank = bank.clone();
        twins.push(tokio::spawn(async move {
            loop {
                match bank.send(deposit("a1", 5)).key("k2").await {
                    Err(SendError::InFlight) => tokio::task::yield_now().await,
                    other => break other.unwrap(),
                }
            }
        }));
    }
    let mut fresh = 0;
    for twin in twins {
        fresh += u32::from(!twin.await.unwrap().replayed);
    }
    assert_eq!(fresh, 1, "one of the twins takes effect");
    assert_eq!(balance(&bank, "a1").await.unwrap().balance, Decimal::from(35));
    bank.close().await;

    let bank = bank::open(folder.path()).await;
    let again = bank.send(deposit("a1", 30)).key("k1").await.unwrap();
    assert!(again.replayed, "a key is remembered across restarts");
    assert_eq!(again.position, first.position);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_mismatches_and_taken_tags_record_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    let refused = bank.send(deposit("a1", 5)).await;
    assert!(matches!(refused, Err(SendError::Refused(AccountRefusal::Unknown))));
    bank.send(opening("a1", "Ann", "north")).expect_version(0).await.unwrap();
    let mismatch = bank.send(deposit("a1", 5)).expect_version(7).await;
    assert!(matches!(mismatch, Err(SendError::VersionMismatch { expected: 7, actual: 1 })), "{mismatch:?}");
    let refused = bank.send(withdrawal("a1", 5)).key("k").await;
    assert!(matches!(refused, Err(SendError::Refused(AccountRefusal::Overdrawn { .. }))));

    let with = |reference: &str| AccountCommand::Deposit {
        account_id: "a1".into(),
        amount: Decimal::from(1),
        reference: Some(reference.into()),
    };
    bank.send(with("r1")).await.unwrap();
    let taken = bank.send(with("r1")).await;
    assert!(
        matches!(&taken, Err(SendError::TagTaken { tag }) if tag.to_string() == "reference:r1"),
        "{taken:?}"
    );
    assert_eq!(bank.head(), 2, "what is not taken records nothing");
    bank.send(withdrawal("a1", 1)).key("k").await.unwrap();
    assert_eq!(balance(&bank, "a1").await.unwrap().balance, Decimal::ZERO);
}

/// A restart brings what was in memory to the index: the tag is then found there or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_may_be_used_once_stays_used_after_it_has_left_memory() {
    let folder = tempfile::tempdir().unwrap();
    let with = |account: &str, reference: &str| AccountCommand::Deposit {
        account_id: account.into(),
        amount: Decimal::from(1),
        reference: Some(reference.into()),
    };
    let bank = bank::open(folder.path()).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    bank.send(opening("a2", "Bob", "north")).await.unwrap();
    bank.send(with("a1", "r1")).await.unwrap();
    bank.close().await;
    for round in 0..3 {
        let bank = bank::open(folder.path()).await;
        for account in ["a1", "a2"] {
            let taken = bank.send(with(account, "r1")).await;
            assert!(matches!(taken, Err(SendError::TagTaken { .. })), "round {round}, {account}: {taken:?}");
            let taken = bank.send(with(account, "r1")).key(format!("k-{round}")).await;
            assert!(matches!(taken, Err(SendError::TagTaken { .. })), "round {round}, {account}: {taken:?}");
        }
        bank.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_account_loses_no_update_and_never_goes_below_zero() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    bank.send(opening("hot", "Ann", "north")).await.unwrap();
    let mut callers = Vec::new();
    for caller in 0..32_i64 {
        let bank = bank.clone();
        callers.push(tokio::spawn(async move {
            let mut net = 0;
            for turn in 0..50_i64 {
                let amount = (caller * 7 + turn * 3) % 11 + 1;
                if (caller + turn) % 2 == 0 {
                    bank.send(deposit("hot", amount)).await.unwrap();
                    net += amount;
                } else {
                    match bank.send(withdrawal("hot", amount)).await {
                        Ok(_) => net -= amount,
                        Err(SendError::Refused(AccountRefusal::Overdrawn { .. })) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
            net
        }));
    }
    let mut net = 0;
    for caller in callers {
        net += caller.await.unwrap();
    }
    let row = balance(&bank, "hot").await.unwrap();
    assert_eq!(row.balance, Decimal::from(net));
    assert!(net >= 0);
    bank.close().await;
    let bank = bank::open(folder.path()).await;
    assert_eq!(balance(&bank, "hot").await.unwrap(), row, "and it is there after a restart");
    // The state comes from a snapshot and the events since.
    let refused = bank.send(withdrawal("hot", net + 1)).await;
    assert!(
        matches!(refused, Err(SendError::Refused(AccountRefusal::Overdrawn { balance })) if balance == Decimal::from(net))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    let of =
        |tenant: &str| Arc::new(Principal { tenant: Tenant::new(tenant).unwrap(), ..Principal::default() });
    for (tenant, amount) in [("red", 10), ("blue", 20)] {
        bank.send(opening("a1", tenant, "north")).by(of(tenant)).key("open").await.unwrap();
        bank.send(deposit("a1", amount)).by(of(tenant)).key("first").await.unwrap();
    }
    for (tenant, amount) in [("red", 10), ("blue", 20)] {
        let asked = bank.ask(bank::GetBalance { account_id: "a1".into() }).by(of(tenant)).after(bank.token());
        let row = asked.await.unwrap().value.unwrap();
        assert_eq!((row.owner.as_str(), row.balance), (tenant, Decimal::from(amount)));
    }
    assert_eq!(balance(&bank, "a1").await, None);
}
