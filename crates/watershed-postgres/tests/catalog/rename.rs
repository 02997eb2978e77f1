//! One event that changes many rows: a category is renamed.

use std::time::{Duration, Instant};

use catalog::category::CategoryCommand;
use catalog::queries::{ListCategoryFacets, Order, ProductsInCategory};
use watershed::prelude::Running;
use watershed_testkit::postgres::Postgres;

use crate::{create, create_category, embedded, node};

fn products() -> usize {
    if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 100_000 } else { 3_000 }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_category_is_renamed_in_each_of_its_products_by_one_event() {
    let server = Postgres::start();
    let node = node(&server).await;
    let elsewhere = rename(&node, products()).await;
    let names = "SELECT string_agg(category || ' ' || products, ', ' ORDER BY category) \
                 FROM (SELECT category, count(*) AS products FROM watershed.product_detail GROUP BY category) AS all_names";
    assert_eq!(server.sql(names), format!("Workshop {}, garden {elsewhere}", products() - elsewhere));
    node.close().await;
}

/// The same on the embedded store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_category_is_renamed_on_one_machine() {
    let folder = tempfile::tempdir().unwrap();
    let node = embedded(folder.path()).await;
    rename(&node, products()).await;
    node.close().await;
}

/// Creates so many products in two categories, and renames the one that has most of them. Says how many stand in the other one.
async fn rename(node: &Running, products: usize) -> usize {
    for category in ["tools", "garden"] {
        node.send(create_category(category)).await.unwrap();
    }
    let began = Instant::now();
    let callers: Vec<_> = (0..256)
        .map(|caller| {
            let node = node.clone();
            tokio::spawn(async move {
                for number in (caller..products).step_by(256) {
                    let sku = format!("S-{number}");
                    // One in a hundred stands elsewhere.
                    let category = if number % 100 == 0 { "garden" } else { "tools" };
                    node.send(create(&format!("p-{number:06}"), &sku, category)).await.unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    let created = began.elapsed();
    let patience = Duration::from_secs(300);
    let facets = async |token| node.ask(ListCategoryFacets {}).after(token).patience(patience).await.unwrap();
    let before = facets(node.token()).await.rows.clone();

    let began = Instant::now();
    let rename = CategoryCommand::RenameCategory { category_id: "tools".into(), name: "Workshop".into() };
    let receipt = node.send(rename).await.unwrap();
    let said = began.elapsed();
    let in_tools = ProductsInCategory {
        category_id: "tools".into(),
        min_price: None,
        max_price: None,
        in_stock: None,
        order: Order::Name,
    };
    let page = node.ask(in_tools).after(receipt.token).patience(patience).await.unwrap();
    let shown = began.elapsed();
    assert!(page.rows.len() == 50 && page.rows.iter().all(|row| row.category == "Workshop"));

    let mut expected = before;
    for row in expected.iter_mut().filter(|row| row.category_id == "tools") {
        row.category = Some("Workshop".into());
    }
    assert_eq!(facets(receipt.token).await.rows, expected);
    println!(
        "{products} products created in {created:.1?}; renamed: taken after {said:.1?}, in all rows after {shown:.1?}"
    );
    products.div_ceil(100)
}
