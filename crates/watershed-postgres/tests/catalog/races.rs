//! Two nodes decide at once on what there may be once.

use catalog::category::{Category, CategoryCommand, CategoryRefusal};
use catalog::product::{Product, ProductCommand, ProductRefusal};
use watershed::prelude::*;
use watershed_testkit::postgres::Postgres;

use crate::{create, create_category, node, retire};

/// Sends until others do not get in the way any more: a hot row has a line before it.
async fn insist<C: Command + Clone>(node: &Running, command: C) -> Result<Receipt, SendError<C::Refusal>> {
    loop {
        match node.send(command.clone()).await {
            Err(SendError::Contended { .. }) => tokio::task::yield_now().await,
            answer => return answer,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_64_products_that_want_a_sku_on_two_nodes_one_gets_it_and_a_retired_one_gives_it_back() {
    let server = Postgres::start();
    let nodes = [node(&server).await, node(&server).await];
    nodes[0].send(create_category("tools")).await.unwrap();
    for round in 0..5 {
        let all: Vec<_> = (0..64)
            .map(|racer| {
                let node = nodes[racer % 2].clone();
                let creating = create(&format!("p-{round}-{racer}"), "HOT", "tools");
                tokio::spawn(async move { node.send(creating).await })
            })
            .collect();
        let mut taken = Vec::new();
        for (racer, answer) in all.into_iter().enumerate() {
            match answer.await.unwrap() {
                Ok(_) => taken.push(racer),
                Err(SendError::Refused(ProductRefusal::SkuTaken)) => {}
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!(taken.len(), 1, "round {round}");
        // The other node knows it at once, and that it is free again.
        let holder = format!("p-{round}-{}", taken[0]);
        for node in &nodes {
            let refused = node.send(create("late", "HOT", "tools")).await;
            assert!(matches!(refused, Err(SendError::Refused(ProductRefusal::SkuTaken))), "{refused:?}");
        }
        nodes[(taken[0] + 1) % 2].send(retire(&holder)).await.unwrap();
    }
    let rows = "SELECT count(*) || ' ' || count(*) FILTER (WHERE status = 'listed') FROM watershed.products";
    assert_eq!(server.sql(rows), "5 0");
    let report = nodes[0].compare_tables::<Product>(&Principal::default()).await.unwrap();
    assert_eq!((report.compared, report.differ), (5, 0), "{report:?}");
}

/// Each of the two rests on what the other one changes: one of them comes first, and the other one is refused by the domain.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_product_is_put_into_a_category_while_another_node_retires_it() {
    let server = Postgres::start();
    let nodes = [node(&server).await, node(&server).await];
    let (mut kept, mut gone) = (0, 0);
    for round in 0..40 {
        let category_id = format!("c-{round}");
        nodes[0].send(create_category(&category_id)).await.unwrap();
        let creating = {
            let (node, command) = (
                nodes[round % 2].clone(),
                create(&format!("p-{round}"), &format!("S-{round}"), &category_id),
            );
            tokio::spawn(async move { insist(&node, command).await })
        };
        let retiring = insist(&nodes[(round + 1) % 2], CategoryCommand::RetireCategory { category_id }).await;
        match (creating.await.unwrap(), retiring) {
            (Ok(_), Err(SendError::Refused(CategoryRefusal::NotEmpty { products: 1 }))) => kept += 1,
            (Err(SendError::Refused(ProductRefusal::CategoryUnknown)), Ok(_)) => gone += 1,
            other => panic!("round {round}: {other:?}"),
        }
    }
    let orphans = "SELECT count(*) FROM watershed.products p JOIN watershed.categories c USING (tenant, category_id) \
                   WHERE p.status = 'listed' AND c.status = 'retired'";
    assert_eq!((server.sql(orphans).as_str(), kept + gone), ("0", 40));
    let report = nodes[1].compare_tables::<Category>(&Principal::default()).await.unwrap();
    assert_eq!((report.compared, report.differ), (40, 0), "{report:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_promise_no_more_than_there_is() {
    let server = Postgres::start();
    let nodes = [node(&server).await, node(&server).await];
    let (product_id, warehouse) = ("p".to_owned(), "north".to_owned());
    nodes[0].send(create_category("tools")).await.unwrap();
    nodes[0].send(create("p", "HOT", "tools")).await.unwrap();
    let receive = ProductCommand::ReceiveStock { product_id, warehouse, quantity: 100 };
    nodes[0].send(receive).await.unwrap();
    let all: Vec<_> = (0..64)
        .map(|caller| {
            let node = nodes[caller % 2].clone();
            let (product_id, warehouse) = ("p".into(), "north".into());
            let reserve = ProductCommand::ReserveStock { product_id, warehouse, quantity: 3 };
            tokio::spawn(async move { insist(&node, reserve).await })
        })
        .collect();
    let mut promised = 0;
    for answer in all {
        match answer.await.unwrap() {
            Ok(_) => promised += 3,
            Err(SendError::Refused(ProductRefusal::NotEnoughAvailable { available: 1 })) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(promised, 99);
    assert_eq!(server.sql("SELECT on_hand || ' ' || reserved FROM watershed.inventory"), "100 99");
}
