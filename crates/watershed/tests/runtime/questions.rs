use std::time::Duration;

use watershed::core::Direction;
use watershed::prelude::*;
use watershed::runtime::{FetchPlan, PageAsk, Terms};

use crate::bank::{self, GetBalance, deposit, opening};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_row_is_folded_waited_for_refused_or_served_stale_as_the_caller_says() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    let stored = bank.ask(GetBalance { account_id: "a1".into() }).after(bank.token()).on_stale(OnStale::Wait);
    assert!(stored.await.unwrap().value.is_some());
    let operator = Principal::default();
    bank.pause(&operator, "balances").await.unwrap();
    while bank
        .views(&operator)
        .await
        .unwrap()
        .iter()
        .any(|view| view.name == "balances" && view.status != "paused")
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let token = bank.send(deposit("a1", 7)).await.unwrap().token;
    let ask =
        || bank.ask(GetBalance { account_id: "a1".into() }).after(token).patience(Duration::from_millis(50));

    let folded = ask().await.unwrap();
    assert_eq!((folded.plan, folded.stale), (FetchPlan::TailFold, false));
    assert_eq!(folded.value.unwrap().balance, Decimal::from(7));
    let served = ask().on_stale(OnStale::Serve).await.unwrap();
    assert_eq!((served.plan, served.stale), (FetchPlan::Stale, true));
    assert_eq!(served.value.unwrap().balance, Decimal::ZERO);
    for on_stale in [OnStale::Wait, OnStale::Refuse] {
        let refused = ask().on_stale(on_stale).await;
        assert!(matches!(refused, Err(AskError::NotReached { position: 1, demanded: 2 })), "{refused:?}");
    }
    let listed = bank
        .ask(bank::Richest { least: Decimal::from(1) })
        .after(token)
        .patience(Duration::from_millis(50))
        .await;
    assert!(matches!(listed, Err(AskError::NotReached { .. })), "a list is never folded at read time");

    let waiting = bank.clone();
    let waiting = tokio::spawn(async move {
        waiting
            .ask(GetBalance { account_id: "a1".into() })
            .after(token)
            .on_stale(OnStale::Wait)
            .await
            .unwrap()
    });
    tokio::time::sleep(Duration::from_millis(20)).await;
    bank.resume(&operator, "balances").await.unwrap();
    let waited = waiting.await.unwrap();
    assert_eq!((waited.plan, waited.value.unwrap().balance), (FetchPlan::Waited, Decimal::from(7)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_another_log_is_refused() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (one, other) = (bank::open(one.path()).await, bank::open(other.path()).await);
    let token = other.send(opening("a1", "Ann", "north")).await.unwrap().token;
    let refused = one.ask(GetBalance { account_id: "a1".into() }).after(token).await;
    assert!(matches!(refused, Err(AskError::ForeignToken)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_by_name_filter_sort_and_go_on_where_the_last_ended() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    for number in 0..25 {
        let id = format!("a{number:02}");
        bank.send(opening(&id, if number % 2 == 0 { "Ann" } else { "Bob" }, "north")).await.unwrap();
        bank.send(deposit(&id, 100 - number / 2)).await.unwrap();
    }
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    let mut after = None;
    let mut seen = Vec::new();
    loop {
        let page = PageAsk {
            filters: vec![("balance".into(), "gte".into(), "90.00".into())],
            sort: vec![("balance".into(), Direction::Descending)],
            limit: Some(4),
            after: after.take(),
        };
        let page = bank.page_json("balances", page, &terms).await.unwrap();
        for row in &page.value.rows {
            let row: serde_json::Value = serde_json::from_str(row.get()).unwrap();
            assert!(row.get("closed").is_none(), "an internal column is not for readers");
            seen.push((
                row["balance"].as_str().unwrap().parse::<i64>().unwrap(),
                row["account_id"].as_str().unwrap().to_owned(),
            ));
        }
        match page.value.next {
            Some(next) => after = Some(next.to_string()),
            None => break,
        }
    }
    let mut expected: Vec<_> = (0..25)
        .map(|number| (100 - number / 2, format!("a{number:02}")))
        .filter(|(balance, _)| *balance >= 90)
        .collect();
    expected.sort_by(|left, right| right.cmp(left));
    assert_eq!(seen, expected);

    let wrong = |column: &str, operator: &str, value: &str| PageAsk {
        filters: vec![(column.into(), operator.into(), value.into())],
        ..PageAsk::default()
    };
    for (page, field) in [
        (wrong("changes", "eq", "1"), "changes"),
        (wrong("closed", "eq", "true"), "closed"),
        (wrong("nothing", "eq", "1"), "nothing"),
        (wrong("balance", "like", "1"), "balance"),
        (wrong("balance", "eq", "many"), "balance"),
    ] {
        match bank.page_json("balances", page, &terms).await {
            Err(AskError::Malformed { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn named_queries_read_their_parameters_and_name_the_wrong_one() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    bank.send(deposit("a1", 12)).await.unwrap();
    let terms = Terms { token: Some(bank.token()), ..Terms::default() };
    let ask = |name: &'static str, pairs: &[(&str, &str)]| {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        let (bank, terms) = (bank.clone(), terms.clone());
        async move { bank.query_json(name, &pairs, &terms).await }
    };
    let one = ask("get_balance", &[("account_id", "a1")]).await.unwrap();
    assert!(one.value.get().contains(r#""balance":"12""#), "{}", one.value);
    assert_eq!(ask("get_balance", &[("account_id", "zz")]).await.unwrap().value.get(), "null");
    let page = ask("richest", &[("least", "1"), ("limit", "5")]).await.unwrap();
    assert!(page.value.get().starts_with(r#"{"rows":[{"#), "{}", page.value);
    for (pairs, field) in
        [(&[("least", "x")][..], "least"), (&[][..], "least"), (&[("least", "1"), ("most", "2")][..], "most")]
    {
        match ask("richest", pairs).await {
            Err(AskError::Malformed { field: named, .. }) => assert_eq!(named, field),
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(ask("poorest", &[]).await, Err(AskError::UnknownQuery(_))));
}

#[tokio::test]
async fn a_checkpoint_is_listed_once_with_every_view_that_stands_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let bank = bank::open(folder.path()).await;
    bank.send(opening("a1", "Ann", "north")).await.unwrap();
    bank.changed("balances", 0).await.unwrap();
    let groups = bank.checkpoints(&Principal::default()).unwrap();
    let listed: Vec<_> = groups
        .iter()
        .map(|group| (group.checkpoint.projection_name.as_str(), group.views.as_slice()))
        .collect();
    let views = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        listed,
        [("balances", &*views(&["balances", "branches"])), ("deposit_sizes", &*views(&["deposit_sizes"]))]
    );
    assert_eq!(groups[0].checkpoint.last_event_version, 1);
    assert!(groups[0].checkpoint.last_event_id.is_some());
}
