//! The catalog as it runs: on the embedded stores, from command to answer.

use std::sync::Arc;

use catalog::category::{Category, CategoryRefusal};
use catalog::product::{Product, ProductRefusal};
use catalog::queries::{
    GetProduct, ListCategoryFacets, LowStock, Order, ProductBySku, ProductsByPrice, ProductsInCategory,
    SearchProducts,
};
use catalog::season::{Expected, Season, Sent, Step};
use catalog::views::{CategoryFacets, CategoryRow, ProductDetail};
use watershed::core::StoredEvent;
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed_testkit::{decimal, naive_fold_group, principal, tenant};

use crate::tell::*;

async fn start(folder: &tempfile::TempDir) -> Running {
    let stores = watershed::embedded(folder.path()).unwrap();
    catalog::context().policy(AllowAll).clock(ManualClock::at(now())).start(stores).await.unwrap()
}

fn ended<R: Refusal>(step: &Step, answer: Result<Receipt, SendError<R>>) -> Expected {
    match answer {
        Ok(receipt) if receipt.replayed => Expected::Replayed,
        Ok(receipt) => {
            assert_eq!(receipt.events.len(), 1, "{step:?}");
            Expected::Accepted
        }
        Err(SendError::Refused(refusal)) => Expected::Refused(refusal.kind().code),
        Err(other) => panic!("{}: {other}", step.key),
    }
}

async fn play(catalog: &Running, season: Season) {
    for step in season.flatten() {
        let ended = match &step.command {
            Sent::Category(command) => ended(&step, catalog.send(command.clone()).key(&*step.key).await),
            Sent::Product(command) => ended(&step, catalog.send(command.clone()).key(&*step.key).await),
        };
        assert_eq!(ended, step.expected, "{step:?}");
    }
}

async fn log(catalog: &Running) -> Vec<Arc<StoredEvent>> {
    catalog.events(&Principal::default(), 0, 100_000).await.unwrap().events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_season_answers_as_the_fold_of_its_log_and_so_it_does_after_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = start(&folder).await;
    play(&catalog, Season::new(120, 7)).await;
    let token = catalog.token();
    let events = log(&catalog).await;
    let group = naive_fold_group::<(CategoryRow, ProductDetail)>(&events);
    let folded = group.of::<ProductDetail>();
    assert!(folded.rows().len() > 120 && folded.parked().count() == 0);

    for row in folded.shown() {
        let product_id = row.product_id.clone();
        let answer = catalog.ask(GetProduct { product_id }).after(token).await.unwrap();
        assert_eq!(answer.value.as_ref(), Some(row));
    }
    let listed = |is: &dyn Fn(&ProductDetail) -> bool| {
        let rows = folded.shown().into_iter().filter(|row| row.retired_at.is_none() && is(row));
        let mut rows: Vec<ProductDetail> = rows.cloned().collect();
        rows.sort_by(|a, b| (&a.name, &a.product_id).cmp(&(&b.name, &b.product_id)));
        rows
    };
    let ids = |rows: &[ProductDetail]| {
        let mut ids: Vec<_> = rows.iter().map(|row| row.product_id.clone()).collect();
        ids.sort();
        ids
    };
    let in_tools = ProductsInCategory {
        category_id: "tools".into(),
        min_price: None,
        max_price: Some(decimal("300")),
        in_stock: Some(true),
        order: Order::Dearest,
    };
    let page = catalog.ask(in_tools).after(token).await.unwrap();
    assert!(page.rows.is_sorted_by(|a, b| a.price >= b.price) && page.rows.len() > 1);
    let fits =
        |row: &ProductDetail| row.category_id == "tools" && row.available > 0 && row.price <= decimal("300");
    assert_eq!(ids(&page.rows), ids(&listed(&fits)));
    assert!(page.rows.iter().all(|row| row.category == "Tools & Workshop"));
    let low = catalog.ask(LowStock { at_most: 5 }).after(token).await.unwrap();
    assert!(low.rows.is_sorted_by_key(|row| row.available) && !low.rows.is_empty());
    assert_eq!(ids(&low.rows), ids(&listed(&|row| row.available <= 5)));
    let (from, to) = (decimal("50"), decimal("60"));
    let between = catalog.ask(ProductsByPrice { from, to }).after(token).await.unwrap();
    assert_eq!(ids(&between.rows), ids(&listed(&|row| from <= row.price && row.price <= to)));
    let named = SearchProducts { term: "hamm".into(), category_id: None };
    let named = catalog.ask(named).after(token).await.unwrap();
    assert_eq!(named.rows.clone(), listed(&|row| row.name.to_lowercase().contains("hamm")));
    let sku = folded.shown().into_iter().find(|row| row.retired_at.is_some()).unwrap().sku.clone();
    let by_sku = catalog.ask(ProductBySku { sku: sku.clone() }).after(token).await.unwrap();
    assert_eq!(ids(&by_sku.rows), ids(&listed(&|row| row.sku == sku)));
    assert!(by_sku.rows[0].product_id.ends_with("-next"), "{by_sku:?}");

    let mut expected: Vec<CategoryFacets> = folded.rollup();
    expected.sort_by(|a, b| a.category_id.cmp(&b.category_id));
    let facets = async || catalog.ask(ListCategoryFacets {}).after(token).await.unwrap().rows.clone();
    assert_eq!(facets().await, expected);
    catalog.rebuild_and_wait(&Principal::default(), "product_detail").await.unwrap();
    assert_eq!(facets().await, expected);

    // What stands in the tables is what the events say.
    let me = Principal::default();
    let products = catalog.compare_tables::<Product>(&me).await.unwrap();
    assert_eq!((products.compared, products.differ), (folded.rows().len() as u64, 0), "{products:?}");
    let categories = catalog.compare_tables::<Category>(&me).await.unwrap();
    assert_eq!((categories.compared, categories.differ), (9, 0), "{categories:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_season_that_is_played_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = start(&folder).await;
    play(&catalog, Season::new(20, 7)).await;
    let head = catalog.head();
    catalog.close().await;
    let catalog = start(&folder).await;
    for step in Season::new(20, 7).flatten() {
        let ended = match &step.command {
            Sent::Category(command) => ended(&step, catalog.send(command.clone()).key(&*step.key).await),
            Sent::Product(command) => ended(&step, catalog.send(command.clone()).key(&*step.key).await),
        };
        assert_ne!(ended, Expected::Accepted, "{step:?}");
    }
    assert_eq!(catalog.head(), head);
}

#[test]
fn a_season_is_the_same_in_every_run_and_another_one_with_another_seed() {
    assert!(Season::new(60, 7).eq(Season::new(60, 7)));
    assert!(Season::new(60, 7).ne(Season::new(60, 8)));
    assert_eq!(Season::new(0, 7).flatten().count(), 16);
    let refused: std::collections::BTreeSet<_> = Season::new(500, 7)
        .flatten()
        .filter_map(|step| match step.expected {
            Expected::Refused(code) => Some(code),
            _ => None,
        })
        .collect();
    assert_eq!(refused.len(), 7, "everything that a demo shows: {refused:?}");
}

/// Two tenants have nothing in common but the program.
#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_has_skus_categories_and_answers_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = start(&folder).await;
    let of = |name: &str| Arc::new(Principal { tenant: tenant(name), ..principal("clerk") });
    let (ours, theirs) = (of("ours"), of("theirs"));
    catalog.send(create_category("tools", "Tools")).by(ours.clone()).await.unwrap();
    // A category of somebody else's is none.
    let nowhere = catalog.send(create()).by(theirs.clone()).await;
    assert!(matches!(nowhere, Err(SendError::Refused(ProductRefusal::CategoryUnknown))), "{nowhere:?}");
    catalog.send(create_category("tools", "Werkzeug")).by(theirs.clone()).await.unwrap();
    for tenant in [&ours, &theirs] {
        catalog.send(create()).by(tenant.clone()).await.unwrap();
        let twice = catalog.send(create_as("p-2", "HAMMER-1", "tools")).by(tenant.clone()).await;
        assert!(matches!(twice, Err(SendError::Refused(ProductRefusal::SkuTaken))), "{twice:?}");
    }
    catalog.send(receive("north", 10)).by(ours.clone()).await.unwrap();
    catalog.send(rename_category("tools", "Gear")).by(ours.clone()).await.unwrap();
    let retired = catalog.send(retire()).by(theirs.clone()).await.unwrap();
    // Nothing of theirs stands in the category any more, whatever is in ours.
    catalog.send(retire_category("tools")).by(theirs.clone()).await.unwrap();
    let full = catalog.send(retire_category("tools")).by(ours.clone()).await;
    assert!(matches!(full, Err(SendError::Refused(CategoryRefusal::NotEmpty { products: 1 }))), "{full:?}");
    let token = catalog.token();
    let shown = async |tenant: &Arc<Principal>, product_id: &str| {
        let ask = GetProduct { product_id: product_id.into() };
        catalog.ask(ask).by(tenant.clone()).after(token).await.unwrap().value.clone()
    };
    let (our_row, their_row) = (shown(&ours, "p-1").await.unwrap(), shown(&theirs, "p-1").await.unwrap());
    assert_eq!((our_row.category.as_str(), our_row.on_hand, our_row.retired_at), ("Gear", 10, None));
    assert_eq!((their_row.category.as_str(), their_row.on_hand), ("Werkzeug", 0));
    assert!(their_row.retired_at.is_some() && retired.version == 2);
    // Whoever belongs to neither finds nothing.
    let nobody = Arc::new(Principal::default());
    assert_eq!(shown(&nobody, "p-1").await, None);
    let lists = async |tenant: &Arc<Principal>| {
        let low = catalog.ask(LowStock { at_most: 1_000 }).by(tenant.clone()).after(token).await.unwrap();
        let by_sku = ProductBySku { sku: "HAMMER-1".into() };
        let by_sku = catalog.ask(by_sku).by(tenant.clone()).after(token).await.unwrap();
        let facets = catalog.ask(ListCategoryFacets {}).by(tenant.clone()).after(token).await.unwrap();
        (low.rows.len(), by_sku.rows.len(), facets.rows.len())
    };
    assert_eq!(lists(&ours).await, (1, 1, 1));
    assert_eq!(lists(&theirs).await, (0, 0, 0));
    assert_eq!(lists(&nobody).await, (0, 0, 0));
    let stream = watershed::core::StreamId::new("product", "p-1");
    let versions = async |tenant: &Arc<Principal>| {
        catalog.state_json(tenant, &stream, watershed::runtime::StateAt::Latest).await.unwrap().0
    };
    assert_eq!((versions(&ours).await, versions(&theirs).await, versions(&nobody).await), (2, 2, 0));
}
