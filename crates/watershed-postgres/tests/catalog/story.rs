//! One story on both stores: the same events, the same rows in the same tables, the same answers.

use std::path::Path;
use std::process::Command as Process;

use catalog::category::Category;
use catalog::product::Product;
use catalog::queries::{
    GetProduct, ListCategoryFacets, LowStock, Order, ProductBySku, ProductsByPrice, ProductsInCategory,
    SearchProducts,
};
use catalog::season::{Expected, Season, Sent, Step};
use watershed::core::Position;
use watershed::prelude::*;
use watershed_testkit::decimal;
use watershed_testkit::postgres::Postgres;

use crate::{embedded, node};

async fn play(node: &Running, steps: impl Iterator<Item = Step>) {
    fn ended<R: Refusal>(answer: Result<Receipt, SendError<R>>) -> Expected {
        match answer {
            Ok(receipt) if receipt.replayed => Expected::Replayed,
            Ok(_) => Expected::Accepted,
            Err(SendError::Refused(refusal)) => Expected::Refused(refusal.kind().code),
            Err(other) => panic!("{other}"),
        }
    }
    for step in steps {
        let ended = match &step.command {
            Sent::Category(command) => ended(node.send(command.clone()).key(&*step.key).await),
            Sent::Product(command) => ended(node.send(command.clone()).key(&*step.key).await),
        };
        assert_eq!(ended, step.expected, "{step:?}");
    }
}

/// What is recorded.
async fn events(node: &Running) -> Vec<(Position, String, String, String)> {
    let events = node.events(&Principal::default(), 0, 100_000).await.unwrap().events;
    let told = events.iter().map(|event| {
        let payload = String::from_utf8(event.payload.to_vec()).unwrap();
        (event.position, event.stream.to_string(), event.name.to_string(), payload)
    });
    told.collect()
}

/// What is answered to each question, as JSON.
async fn answers(node: &Running, products: &[String]) -> Vec<String> {
    let token = node.token();
    let mut answers = Vec::new();
    macro_rules! ask {
        ($question:expr) => {
            let answer = node.ask($question).after(token).await.unwrap();
            assert!(!answer.stale);
            answers.push(serde_json::to_string(&answer.value).unwrap());
        };
    }
    for product_id in products {
        ask!(GetProduct { product_id: product_id.clone() });
    }
    for category in ["tools", "garden", "outdoor", "nowhere"] {
        for order in [Order::Name, Order::Cheapest, Order::Dearest] {
            let narrowed = |min_price, max_price, in_stock| ProductsInCategory {
                category_id: category.into(),
                min_price,
                max_price,
                in_stock,
                order,
            };
            ask!(narrowed(None, None, None));
            ask!(narrowed(Some(decimal("20")), Some(decimal("199.99")), Some(true)));
        }
    }
    for sku in ["TL-00001", "GD-00002", "TL-99999"] {
        ask!(ProductBySku { sku: sku.into() });
    }
    ask!(ProductsByPrice { from: decimal("9.5"), to: decimal("100") });
    for term in ["a", "LA", "é", "%"] {
        ask!(SearchProducts { term: term.into(), category_id: None });
    }
    ask!(LowStock { at_most: 5 });
    ask!(ListCategoryFacets {});
    answers
}

/// What stands in the tables, a line a row, in words that are the same on both: written once for each of them.
const CATEGORIES: &str = "SELECT tenant || '|' || category_id || '|' || version || '|' || name || '|' || status \
     FROM categories ORDER BY tenant, category_id";
const INVENTORY: &str = "SELECT tenant || '|' || product_id || '|' || warehouse || '|' || on_hand || '|' || reserved \
     FROM inventory ORDER BY tenant, product_id, warehouse";

fn products(price: &str, instant: impl Fn(&str) -> String) -> String {
    let (created, retired) = (instant("created_at"), instant("retired_at"));
    format!(
        "SELECT tenant || '|' || product_id || '|' || version || '|' || sku || '|' || name || '|' || coalesce(description, '') \
         || '|' || {price} || '|' || category_id || '|' || status || '|' || {created} || '|' || coalesce({retired}, '') \
         FROM products ORDER BY tenant, product_id"
    )
}

fn on_postgres(server: &Postgres) -> [String; 3] {
    let micros = |column: &str| format!("(extract(epoch FROM {column}) * 1000000)::bigint::text");
    let ask = |sql: &str| server.sql(&format!("SET search_path TO watershed; {sql}"));
    [ask(CATEGORIES), ask(&products("trim_scale(price)::text", micros)), ask(INVENTORY)]
}

fn on_sqlite(folder: &Path) -> [String; 3] {
    let ask = |sql: &str| {
        let mut shell = Process::new("sqlite3");
        let output = shell.args(["-cmd", ".timeout 5000"]).arg(folder.join("log.db")).arg(sql).output();
        let output =
            output.unwrap_or_else(|error| panic!("no sqlite3 shell, which this test needs: {error}"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    };
    [ask(CATEGORIES), ask(&products("price", |column| format!("CAST({column} AS TEXT)"))), ask(INVENTORY)]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_season_is_the_same_on_both_stores_and_goes_on_where_it_was() {
    let steps: Vec<Step> = Season::new(60, 7).flatten().collect();
    let (first, rest) = steps.split_at(steps.len() * 2 / 3);
    let mut products: Vec<String> = steps
        .iter()
        .filter_map(|step| match &step.command {
            Sent::Product(command) => Some(command.id().to_owned()),
            Sent::Category(_) => None,
        })
        .collect();
    products.sort_unstable();
    products.dedup();

    let server = Postgres::start();
    let running = node(&server).await;
    play(&running, first.iter().cloned()).await;
    let before = answers(&running, &products).await;
    running.close().await;
    let running = node(&server).await;
    assert_eq!(answers(&running, &products).await, before, "what was there before it was started again");
    play(&running, rest.iter().cloned()).await;

    let folder = tempfile::tempdir().unwrap();
    let here = embedded(folder.path()).await;
    play(&here, steps.iter().cloned()).await;
    assert_eq!(events(&running).await, events(&here).await);
    let (there, tables) = (on_postgres(&server), on_sqlite(folder.path()));
    assert!(tables.iter().all(|table| table.lines().count() > 8), "{tables:?}");
    assert_eq!(there, tables);
    assert_eq!(answers(&running, &products).await, answers(&here, &products).await);

    // On both the tables are what the events say, and the database holds them to its own rules.
    let me = Principal::default();
    for node in [&running, &here] {
        let report = node.compare_tables::<Product>(&me).await.unwrap();
        assert!(report.compared > 60 && report.differ == 0, "{report:?}");
        let report = node.compare_tables::<Category>(&me).await.unwrap();
        assert_eq!((report.compared, report.differ), (9, 0), "{report:?}");
    }
    let orphans = "SELECT count(*) FROM watershed.products p LEFT JOIN watershed.categories c USING (tenant, category_id) \
                   WHERE c.name IS NULL";
    assert_eq!(server.sql(orphans), "0");
    // Whoever joins for themselves finds what is shown.
    let joined = "SELECT count(*) FROM watershed.products p JOIN watershed.categories c USING (tenant, category_id) \
         JOIN watershed.product_detail d ON d.product_id = p.product_id \
         WHERE d.category = c.name AND d.sku = p.sku AND d.price = p.price AND d.on_hand = \
         coalesce((SELECT sum(on_hand) FROM watershed.inventory i WHERE i.tenant = p.tenant AND i.product_id = p.product_id), 0)";
    let all = "SELECT count(*) FROM watershed.products";
    assert_eq!(server.sql(joined), server.sql(all));
    running.close().await;
    here.close().await;
}

/// Nothing of one tenant is seen by another, and none takes from another what there may be once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_share_a_database_and_nothing_else() {
    let server = Postgres::start();
    let node = node(&server).await;
    let of = |name: &str| {
        let tenant = Tenant::new(name).unwrap();
        std::sync::Arc::new(Principal { tenant, ..Principal::default() })
    };
    let tenants = [of("ours"), of("theirs")];
    let alone = node.send(crate::create("p", "HAMMER-1", "tools")).by(tenants[1].clone()).await;
    assert!(alone.is_err());
    for tenant in &tenants {
        node.send(crate::create_category("tools")).by(tenant.clone()).await.unwrap();
        node.send(crate::create("p", "HAMMER-1", "tools")).by(tenant.clone()).await.unwrap();
    }
    node.send(crate::retire("p")).by(tenants[0].clone()).await.unwrap();
    let token = node.token();
    let listed = async |tenant: &std::sync::Arc<Principal>| {
        let ask = ProductBySku { sku: "HAMMER-1".into() };
        node.ask(ask).by(tenant.clone()).after(token).await.unwrap().rows.len()
    };
    assert_eq!(
        (listed(&tenants[0]).await, listed(&tenants[1]).await, listed(&of("nobody")).await),
        (0, 1, 0)
    );
    let rows = "SELECT string_agg(tenant || ' ' || status, ', ' ORDER BY tenant) FROM watershed.products";
    assert_eq!(server.sql(rows), "ours retired, theirs listed");
}
