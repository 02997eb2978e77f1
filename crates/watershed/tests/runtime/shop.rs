//! A small shop: decisions over tags, a group of read models that read each other's rows, one event that changes many rows.

use watershed::prelude::*;
use watershed::runtime::{EventRange, LookAt, PageAsk, Terms};

use crate::reconcile::tamper;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "product", prefix = "shop.product")]
enum ProductEvent {
    Listed {
        #[tag]
        sku: String,
        shelf: String,
    },
    Delisted {
        #[tag]
        sku: String,
    },
}

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "shelf", prefix = "shop.shelf")]
enum ShelfEvent {
    Named { name: String },
}

/// A SKU is taken by one product of a tenant at a time.
#[derive(Default)]
struct SkuTaken {
    by: Option<()>,
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(decision = SkuTaken, id = product_id)]
enum ProductCommand {
    List { product_id: String, sku: String, shelf: String },
    Delist { product_id: String, sku: String },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "shop.product")]
enum ProductRefusal {
    #[refusal("the SKU is taken", field = sku)]
    SkuTaken,
}

impl Decision for SkuTaken {
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Refusal = ProductRefusal;

    fn boundary(command: &ProductCommand) -> Boundary {
        match command {
            ProductCommand::List { sku, .. } | ProductCommand::Delist { sku, .. } => {
                Boundary::tag("sku", sku)
            }
        }
    }

    fn decide(&self, command: &ProductCommand, _: &Cx) -> Result<Vec<ProductEvent>, ProductRefusal> {
        match command {
            ProductCommand::List { .. } if self.by.is_some() => Err(ProductRefusal::SkuTaken),
            ProductCommand::List { sku, shelf, .. } => {
                Ok(vec![ProductEvent::Listed { sku: sku.clone(), shelf: shelf.clone() }])
            }
            ProductCommand::Delist { sku, .. } => Ok(vec![ProductEvent::Delisted { sku: sku.clone() }]),
        }
    }

    fn evolve(&mut self, event: &ProductEvent) {
        self.by = match event {
            ProductEvent::Listed { .. } => Some(()),
            ProductEvent::Delisted { .. } => None,
        };
    }
}

#[derive(Default)]
struct Shelf;

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Shelf, id = shelf_id)]
enum ShelfCommand {
    Name { shelf_id: String, name: String },
}

impl Aggregate for Shelf {
    type Command = ShelfCommand;
    type Event = ShelfEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, command: &ShelfCommand, _: &Cx) -> Decided<Self> {
        let ShelfCommand::Name { name, .. } = command;
        Ok(vec![ShelfEvent::Named { name: name.clone() }])
    }

    fn evolve(&mut self, _: &ShelfEvent) {}
}

#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[read_model(name = "shelves", version = 1, on(ShelfEvent))]
#[contract(owner = "shop", fresh = operational(2s))]
struct ShelfRow {
    #[key(stream)]
    shelf: String,
    name: String,
}

impl On<ShelfEvent> for ShelfRow {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<ShelfEvent>) -> Applied {
        let ShelfEvent::Named { name } = &event.data;
        row.put(ShelfRow { shelf: event.stream.id.to_string(), name: name.clone() });
        Ok(())
    }
}

/// A product with its shelf's name: found through the group, and kept up when a shelf is renamed.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[read_model(name = "products", version = 1, on(ProductEvent, ShelfEvent))]
#[contract(owner = "shop", fresh = operational(2s))]
struct ProductRow {
    #[key]
    product: String,
    #[index]
    shelf: String,
    shelf_name: String,
    renames: i64,
}

impl On<ProductEvent> for ProductRow {
    fn keys(event: &Recorded<ProductEvent>) -> Keys<Self> {
        Keys::one(&event.stream.id)
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<ProductEvent>) -> Applied {
        match &event.data {
            ProductEvent::Listed { shelf, .. } => {
                let shelf_name =
                    row.of::<ShelfRow>(shelf)?.map_or_else(String::new, |shelf| shelf.name.clone());
                let product = event.stream.id.to_string();
                row.put(ProductRow { product, shelf: shelf.clone(), shelf_name, renames: 0 });
            }
            ProductEvent::Delisted { .. } => row.delete(),
        }
        Ok(())
    }
}

impl On<ShelfEvent> for ProductRow {
    fn keys(event: &Recorded<ShelfEvent>) -> Keys<Self> {
        Keys::Matching(ProductRow::shelf.eq(event.stream.id.to_string()))
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<ShelfEvent>) -> Applied {
        let ShelfEvent::Named { name } = &event.data;
        let row = row.get()?;
        row.shelf_name.clone_from(name);
        row.renames += 1;
        Ok(())
    }
}

pub(crate) async fn open(folder: &std::path::Path) -> Running {
    Context::new("shop")
        .policy(AllowAll)
        .decision::<SkuTaken>()
        .aggregate::<Shelf>()
        .group::<(ShelfRow, ProductRow)>()
        // Too little for the rows of some tests: their rebuilds take several passes.
        .rebuild_memory(64 << 10)
        .start(watershed::embedded(folder).unwrap())
        .await
        .unwrap()
}

fn list(product: usize, sku: &str, shelf: &str) -> ProductCommand {
    ProductCommand::List { product_id: format!("p{product}"), sku: sku.into(), shelf: shelf.into() }
}

async fn products(shop: &Running) -> Vec<(String, String, i64)> {
    let terms = Terms { token: Some(shop.token()), ..Terms::default() };
    let page = PageAsk { limit: Some(1_000), ..PageAsk::default() };
    let page = shop.page_json("products", page, &terms).await.unwrap();
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    page.value
        .rows
        .iter()
        .map(|row| serde_json::from_str::<serde_json::Value>(row.get()).unwrap())
        .map(|row| (text(&row, "product"), text(&row, "shelf_name"), row["renames"].as_i64().unwrap()))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_want_a_sku_at_once_one_gets_it_and_released_it_can_be_taken_again() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(folder.path()).await;
    for round in 0..5 {
        let mut wanting = Vec::new();
        for product in 0..24 {
            let shop = shop.clone();
            wanting.push(tokio::spawn(async move { shop.send(list(product, "sku-1", "a")).await }));
        }
        let mut taken = Vec::new();
        for (product, wanting) in wanting.into_iter().enumerate() {
            match wanting.await.unwrap() {
                Ok(_) => taken.push(product),
                Err(SendError::Refused(ProductRefusal::SkuTaken)) => {}
                Err(other) => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!(taken.len(), 1, "round {round}");
        let product_id = format!("p{}", taken[0]);
        shop.send(ProductCommand::Delist { product_id, sku: "sku-1".into() }).await.unwrap();
    }
    let other = Principal { tenant: Tenant::new("other").unwrap(), ..Principal::default() };
    shop.send(list(1, "sku-2", "a")).await.unwrap();
    shop.send(list(1, "sku-2", "a")).by(other).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_that_changes_many_rows_changes_each_once_also_after_a_restart_and_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(folder.path()).await;
    let name = |shelf: &str, name: &str| ShelfCommand::Name { shelf_id: shelf.into(), name: name.into() };
    shop.send(name("a", "fruit")).await.unwrap();
    for product in 0..400 {
        shop.send(list(product, &format!("sku-{product}"), if product % 4 == 0 { "b" } else { "a" }))
            .await
            .unwrap();
    }
    shop.send(name("a", "fresh fruit")).await.unwrap();
    shop.send(list(999, "sku-999", "a")).await.unwrap();
    shop.send(name("b", "bread")).await.unwrap();
    shop.send(ProductCommand::Delist { product_id: "p1".into(), sku: "sku-1".into() }).await.unwrap();
    let rows = products(&shop).await;
    assert_eq!(rows.len(), 400);
    for (product, shelf_name, renames) in &rows {
        let number: usize = product[1..].parse().unwrap();
        let expected = match number {
            999 => ("fresh fruit", 0),
            number if number % 4 == 0 => ("bread", 1),
            _ => ("fresh fruit", 1),
        };
        assert_eq!((shelf_name.as_str(), *renames), expected, "{product}");
    }
    let progress = shop.rebuild_and_wait(&Principal::default(), "products").await.unwrap();
    assert!(progress.total >= 2 * shop.head(), "{progress:?}: several passes");
    assert_eq!(products(&shop).await, rows);
    shop.close().await;
    let shop = open(folder.path()).await;
    assert_eq!(products(&shop).await, rows);
    shop.send(name("b", "bakery")).await.unwrap();
    assert!(products(&shop).await.iter().filter(|row| row.1 == "bakery").count() == 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_look_at_each_other_are_held_against_the_log_and_put_right() {
    let folder = tempfile::tempdir().unwrap();
    let shop = open(folder.path()).await;
    let operator = Principal::default();
    let name = |shelf: &str, name: &str| ShelfCommand::Name { shelf_id: shelf.into(), name: name.into() };
    for round in 0..3 {
        for shelf in ["a", "b", "c"] {
            shop.send(name(shelf, &format!("{shelf} {round}"))).await.unwrap();
        }
        for product in (0..90).filter(|product| product % 3 == round) {
            let shelf = ["a", "b", "c"][product % 3];
            shop.send(list(product, &format!("sku-{product}"), shelf)).await.unwrap();
        }
    }
    let before = products(&shop).await;
    let looks = [LookAt::Everything, LookAt::Sample(1_000)];
    for look in looks {
        assert_eq!(shop.reconcile(&operator, "products", look).await.unwrap().drift, 0);
    }
    let file = "views/products.db";
    tamper(
        folder.path(),
        file,
        "UPDATE products SET shelf_name = 'x', renames = 9 WHERE product IN ('p1', 'p2')",
    );
    tamper(folder.path(), file, "DELETE FROM products WHERE product = 'p3'");
    tamper(folder.path(), file, "UPDATE shelves SET name = 'wrong' WHERE shelf = 'b'");
    for look in looks {
        let report = shop.reconcile(&operator, "products", look).await.unwrap();
        let rows =
            report.views.iter().flat_map(|view| &view.rows).map(|row| (row.view.as_str(), row.key.as_str()));
        let expected = [("shelves", "b"), ("products", "p1"), ("products", "p2"), ("products", "p3")];
        assert_eq!(rows.collect::<Vec<_>>(), expected, "{look:?}");
    }
    let mended = shop.repair(&operator, "products").await.unwrap();
    assert_eq!((mended.refolded, mended.rows), (4, 4));
    assert_eq!(products(&shop).await, before);
    // A product that is listed now gets the name that was put right.
    shop.send(list(500, "sku-500", "b")).await.unwrap();
    assert!(products(&shop).await.iter().any(|row| row.0 == "p500" && row.1 == "b 2"));
    // An event that concerned whatever matched: everything is folded again.
    tamper(folder.path(), file, "UPDATE products SET renames = 9");
    let range = EventRange { from: Some(1), to: Some(3), ..EventRange::default() };
    let mended = shop.rebuild_range(&operator, "products", range).await.unwrap();
    assert_eq!(mended.rows, 91, "{mended:?}");
    for look in looks {
        assert_eq!(shop.reconcile(&operator, "products", look).await.unwrap().drift, 0);
    }
}
