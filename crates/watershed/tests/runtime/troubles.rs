use std::sync::atomic::Ordering;
use std::time::Duration;

use watershed::prelude::*;
use watershed::runtime::{OperateError, Retried, Terms};

use crate::bank::{self, DEFECT, deposit, opening};
use crate::rebuilds::everything;

pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    for _ in 0..400 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited too long for: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fold_that_fails_or_panics_parks_its_key_and_everybody_else_flows() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    let operator = Principal::default();
    for (id, owner) in [("a1", "Unlucky"), ("a2", "Doomed"), ("a3", "Ann")] {
        bank.send(opening(id, owner, "north")).await.unwrap();
        bank.send(deposit(id, 10)).await.unwrap();
    }
    let before = everything(&bank).await;
    DEFECT.store(true, Ordering::Relaxed);
    for id in ["a1", "a2", "a3", "a1"] {
        bank.send(deposit(id, 1)).await.unwrap();
    }
    let token = bank.token();
    until("both keys parked", || async {
        bank.parked(&operator, Some("balances")).await.unwrap().len() == 2
    })
    .await;
    assert_eq!(bank::balance(&bank, "a3").await.unwrap().balance, Decimal::from(11), "others flow");
    let parked = bank.parked(&operator, None).await.unwrap();
    let unlucky = parked.iter().find(|parked| parked.key == "a1").unwrap();
    assert!(unlucky.error.contains("not understood"), "{}", unlucky.error);
    assert!(parked.iter().any(|parked| parked.error.contains("the fold panicked: the fold has a defect")));

    // A parked row answers stale, and never half-changed.
    let answer = bank.ask(bank::GetBalance { account_id: "a1".into() }).after(token).await.unwrap();
    assert!(answer.stale && answer.parked == 1);
    assert_eq!(answer.value.unwrap().balance, Decimal::from(10));
    let waiting = bank.parked(&operator, None).await.unwrap();
    until("both deposits wait", || async {
        bank.parked(&operator, None)
            .await
            .unwrap()
            .iter()
            .any(|parked| parked.key == "a1" && parked.waiting == 2)
    })
    .await;
    assert_eq!(waiting.len(), 2);

    // A rebuild with the defect parks the same keys with the same events waiting.
    bank.rebuild_and_wait(&operator, "balances").await.unwrap();
    let rebuilt = bank.parked(&operator, Some("balances")).await.unwrap();
    assert!(
        rebuilt
            .iter()
            .any(|parked| parked.key == "a1" && parked.waiting == 2 && parked.position == unlucky.position)
    );
    assert_eq!(bank::balance(&bank, "a3").await.unwrap().balance, Decimal::from(11));

    let tenant = Tenant::default();
    let moved = bank.skip_parked(&operator, "balances", &tenant, "a1", 1).await;
    assert_eq!(
        moved,
        Err(OperateError::Moved { position: unlucky.position }),
        "nobody skips what they have not seen"
    );
    let not_parked = bank.retry_parked(&operator, "balances", &tenant, "a3").await;
    assert_eq!(not_parked, Err(OperateError::NotParked("a3".into())));
    let still = bank.retry_parked(&operator, "balances", &tenant, "a1").await.unwrap();
    assert!(matches!(still, Retried::StillParked { position, .. } if position == unlucky.position));

    DEFECT.store(false, Ordering::Relaxed);
    let released = bank.retry_parked(&operator, "balances", &tenant, "a1").await.unwrap();
    assert_eq!(released, Retried::Released { events: 2 });
    let doomed = bank.parked(&operator, None).await.unwrap();
    if let Some(doomed) = doomed.first() {
        let skipped = bank.skip_parked(&operator, "balances", &tenant, "a2", doomed.position).await.unwrap();
        assert_eq!(skipped, Retried::Released { events: 0 });
    }
    assert_eq!(bank::balance(&bank, "a1").await.unwrap().balance, Decimal::from(12));
    assert!(bank.parked(&operator, None).await.unwrap().is_empty());
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    let row = bank.row_json("branches", "north", &terms).await.unwrap();
    assert!(row.value.is_some());
    let sizes = before.iter().filter(|row| row.starts_with("deposit_sizes")).count();
    assert_eq!(
        everything(&bank).await.len(),
        before.len() - sizes + 2,
        "one more size of deposit, and no other row"
    );
}

#[tokio::test]
async fn a_context_without_a_policy_or_with_parts_missing_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let stores = watershed::embedded(folder.path()).unwrap();
    let refused =
        Context::new("bank").aggregate::<bank::Account>().start(stores.clone()).await.err().unwrap();
    assert_eq!(refused, StartError::NoPolicy("bank"));
    let refused =
        Context::new("bank").policy(AllowAll).rollups::<(bank::Branch,)>().start(stores.clone()).await.err();
    assert_eq!(refused, Some(StartError::NoReadModel { rollup: "branches" }));
    let refused =
        Context::new("bank").policy(AllowAll).queries::<(bank::Richest,)>().start(stores.clone()).await.err();
    assert_eq!(refused, Some(StartError::NoView { query: "richest", view: "balances" }));
    let refused = Context::new("bank")
        .policy(AllowAll)
        .read_models::<(bank::Balance, bank::Balance)>()
        .start(stores)
        .await
        .err()
        .unwrap();
    assert!(refused.to_string().contains("two views named `balances`"), "{refused}");
}
