//! Premises while others append.

use std::sync::Arc;

use watershed::core::ports::{EventLog, ReadFrom, Scope};
use watershed::core::{PremiseError, StoredEvent};
use watershed::prelude::*;

use super::{ItemCommand, ItemRefusal, add, build, drop_it, move_to, open, start, tear_down};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_items_that_want_a_sku_at_once_one_gets_it_and_the_others_are_refused_by_the_domain() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = open(folder.path()).await;
    for round in 0..5 {
        let all: Vec<_> = (0..64)
            .map(|item| {
                let catalogue = catalogue.clone();
                let adding = add(&format!("i-{round}-{item}"), "hot", None);
                tokio::spawn(async move { catalogue.send(adding).await })
            })
            .collect();
        let mut taken = Vec::new();
        for (item, answer) in all.into_iter().enumerate() {
            match answer.await.unwrap() {
                Ok(_) => taken.push(item),
                Err(SendError::Refused(ItemRefusal::SkuTaken)) => {}
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!(taken.len(), 1, "round {round}");
        // Given back, it can be taken again.
        catalogue.send(drop_it(&format!("i-{round}-{}", taken[0]), "hot")).await.unwrap();
    }
    let other = Principal { tenant: Tenant::new("other").unwrap(), ..Principal::default() };
    catalogue.send(add("i", "mine", None)).await.unwrap();
    catalogue.send(add("i", "mine", None)).by(other).await.unwrap();
    catalogue.close().await;
    let catalogue = open(folder.path()).await;
    let refused = catalogue.send(add("i-2", "mine", None)).await;
    assert!(matches!(refused, Err(SendError::Refused(ItemRefusal::SkuTaken))), "{refused:?}");
}

/// Shelves come and go while items are put on them. An item is on a shelf only if that stood as it was put there: the log's
/// order says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_item_is_put_on_a_shelf_that_does_not_stand() {
    let folder = tempfile::tempdir().unwrap();
    let stores = watershed::embedded(folder.path()).unwrap();
    let log = stores.log.clone();
    let catalogue = start(stores).await;
    for shelf in ["a", "b"] {
        catalogue.send(build(shelf)).await.unwrap();
    }
    let shelves = {
        let catalogue = catalogue.clone();
        tokio::spawn(async move {
            for turn in 0..200 {
                let shelf = ["a", "b"][turn % 2];
                catalogue.send(tear_down(shelf)).await.unwrap();
                catalogue.send(build(shelf)).await.unwrap();
            }
        })
    };
    let items: Vec<_> = (0..8)
        .map(|task| {
            let catalogue = catalogue.clone();
            tokio::spawn(async move {
                let mut put = 0;
                for turn in 0..40 {
                    let item = format!("i-{task}-{turn}");
                    put += told(catalogue.send(add(&item, &item, Some("a"))).await);
                    put += told(catalogue.send(move_to(&item, "a", "b")).await);
                }
                put
            })
        })
        .collect();
    shelves.await.unwrap();
    let mut put = 0;
    for items in items {
        put += items.await.unwrap();
    }
    assert!(put > 0, "nothing was put anywhere");
    let mut standing = std::collections::HashSet::new();
    let mut seen = 0;
    for event in &every_event(&*log).await {
        let data: serde_json::Value = serde_json::from_slice(&event.payload).unwrap();
        let shelf = data["shelf"].as_str().unwrap_or_default().to_owned();
        match &*event.name {
            "catalogue.shelf.built" => assert!(standing.insert(shelf)),
            "catalogue.shelf.torn-down" => assert!(standing.remove(&shelf)),
            _ => {
                seen += 1;
                assert!(standing.contains(&shelf), "{} on {shelf} at {}", event.name, event.position);
                let from = data["from"].as_str();
                assert!(
                    from.is_none_or(|from| standing.contains(from)),
                    "from {from:?} at {}",
                    event.position
                );
            }
        }
    }
    assert_eq!(seen, put);
}

/// 1 where it was put; 0 where the domain says no, or others kept getting in the way.
fn told(answer: Result<Receipt, SendError<ItemRefusal>>) -> u32 {
    match answer {
        Ok(_) => 1,
        Err(SendError::Refused(_) | SendError::Contended { .. }) => 0,
        Err(other) => panic!("{other:?}"),
    }
}

async fn every_event(log: &dyn EventLog) -> Vec<Arc<StoredEvent>> {
    let mut all = Vec::new();
    loop {
        let scope = Scope::Log;
        let after = all.len() as u64;
        let read = log.read(ReadFrom { scope, after, limit: 1_000 }).await.unwrap();
        all.extend(read.events);
        if read.complete {
            return all;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_decided_on_a_premise_that_is_not_named_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = open(folder.path()).await;
    let answer = catalogue.send(ItemCommand::Guess { item_id: "i".into() }).await;
    let Err(SendError::WrongPremise(mistake @ PremiseError::Undeclared(_))) = answer else {
        panic!("{answer:?}");
    };
    assert!(mistake.to_string().contains("SkuTaken"), "{mistake}");
    let twice = catalogue.send(move_to("i", "a", "a")).await;
    assert!(
        matches!(twice, Err(SendError::Refused(ItemRefusal::Unknown))),
        "names tell them apart: {twice:?}"
    );
}
