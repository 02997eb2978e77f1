//! From tables to events: the procedure of `docs/write-models.md`.

use watershed::prelude::*;
use watershed::runtime::{Disagreement, TablesReport};

use super::{
    Product, ProductCommand, ProductEvent, ProductRefusal, TABLES, create, open, outside, stock, take,
};

/// The same product, folded from its events alone.
#[derive(Serialize, Deserialize, Default)]
struct Folded(Product);

impl Aggregate for Folded {
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Refusal = ProductRefusal;

    fn decide(&self, command: &ProductCommand, cx: &Cx) -> Decided<Self> {
        self.0.decide(command, cx)
    }

    fn evolve(&mut self, event: &ProductEvent) {
        self.0.evolve(event);
    }

    fn storage() -> Storage<Self> {
        Storage::snapshots(3)
    }
}

async fn compared(room: &Running) -> TablesReport {
    room.compare_tables::<Product>(&Principal::default()).await.unwrap()
}

fn told(report: &TablesReport) -> Vec<(&str, &Disagreement)> {
    report.differences.iter().map(|difference| (difference.id.as_str(), &difference.what)).collect()
}

const OLD: &str = "
    INSERT INTO products (tenant, product_id, sku, unit_price, status, labels, notes) VALUES
        ('default', 'old-1', 'o-1', '7.50', 'listed', '[\"oak\"]', 'kept'),
        ('default', 'old-2', 'o-2', '1', 'listed', NULL, 'kept');
    INSERT INTO inventory (tenant, product_id, warehouse, quantity) VALUES
        ('default', 'old-1', 'north', 5), ('default', 'old-1', 'east', 2)";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn streams_that_are_complete_take_the_place_of_the_tables_and_old_rows_are_told_of_first() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(folder.path()).await;
    outside(folder.path(), OLD).unwrap();
    for product in ["p-1", "p-2", "p-3"] {
        room.send(create(product, product)).await.unwrap();
        room.send(stock(product, "south", 9)).await.unwrap();
        room.send(take(product, "south", 4)).await.unwrap();
    }
    room.send(ProductCommand::Drop { product_id: "p-3".into() }).await.unwrap();
    // One that the program has worked on before anybody thought of telling what was there.
    room.send(stock("old-1", "north", 1)).await.unwrap();

    let report = compared(&room).await;
    let missing = Disagreement::Contents(
        ["sku", "unit_price", "status", "labels", "inventory"].map(str::to_owned).to_vec(),
    );
    assert_eq!(told(&report), [("old-1", &missing), ("old-2", &Disagreement::NoEvents)]);
    assert_eq!((report.compared, report.differ), (5, 2));

    for difference in &report.differences {
        room.send(ProductCommand::Adopt { product_id: difference.id.clone() }).await.unwrap();
    }
    assert_eq!((told(&compared(&room).await), room.head()), (vec![], 13));

    // Whoever goes on changing the tables behind the log's back is found out.
    outside(
        folder.path(),
        "UPDATE products SET unit_price = '99', version = version + 1 WHERE product_id = 'p-1'",
    )
    .unwrap();
    outside(folder.path(), "DELETE FROM inventory WHERE product_id = 'p-2'").unwrap();
    let report = compared(&room).await;
    let price = Disagreement::Contents(vec!["unit_price".to_owned()]);
    let children = Disagreement::Contents(vec!["inventory".to_owned()]);
    assert_eq!(told(&report), [("p-1", &price), ("p-2", &children)]);
    for product in ["p-1", "p-2"] {
        room.send(ProductCommand::Adopt { product_id: product.into() }).await.unwrap();
    }
    outside(folder.path(), "DELETE FROM products WHERE product_id = 'p-2'").unwrap();
    assert_eq!(told(&compared(&room).await), [("p-2", &Disagreement::NoRow)]);
    room.close().await;

    let room = Context::new("stockroom")
        .policy(AllowAll)
        .tables_sql(TABLES)
        .aggregate::<Folded>()
        .start(watershed::embedded(folder.path()).unwrap())
        .await
        .unwrap();
    let refused = room.send(take("old-1", "north", 7)).await;
    assert!(matches!(refused, Err(SendError::Refused(ProductRefusal::TooFew { left: 6 }))), "{refused:?}");
    room.send(take("old-1", "north", 6)).await.unwrap();
    let refused = room.send(create("old-2", "o-2")).await;
    assert!(matches!(refused, Err(SendError::Refused(ProductRefusal::Known))), "{refused:?}");
    let refused = room.send(take("p-1", "south", 6)).await;
    assert!(matches!(refused, Err(SendError::Refused(ProductRefusal::TooFew { left: 5 }))), "{refused:?}");
    // The tables stay as they were when they were left.
    let left = "SELECT quantity FROM inventory WHERE product_id = 'old-1' AND warehouse = 'north'";
    assert_eq!(outside(folder.path(), left).unwrap(), ["6"]);
    let untouched = "SELECT DISTINCT notes FROM products WHERE product_id LIKE 'old%'";
    assert_eq!(outside(folder.path(), untouched).unwrap(), ["kept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_are_compared_while_commands_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(folder.path()).await;
    for product in 0..20 {
        room.send(create(&format!("p-{product}"), &format!("s-{product}"))).await.unwrap();
    }
    let busy = {
        let room = room.clone();
        tokio::spawn(async move {
            for turn in 0..300 {
                room.send(stock(&format!("p-{}", turn % 20), "north", 1)).await.unwrap();
            }
        })
    };
    let mut looked = 0;
    while !busy.is_finished() {
        let report = compared(&room).await;
        assert_eq!((told(&report), report.compared), (vec![], 20));
        looked += 1;
    }
    busy.await.unwrap();
    assert!(looked > 0);
}
