//! Commands on a state that stands in tables.

use watershed::core::StreamId;
use watershed::core::ports::{SaveRule, SchemaStep};
use watershed::prelude::*;
use watershed::runtime::StateAt;

use super::{Product, ProductCommand, ProductRefusal, TABLES, create, open, outside, start, stock, take};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_stands_in_the_tables_as_events_made_it_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(folder.path()).await;
    let labels = vec!["red".to_owned()];
    room.send(create("p", "sku-1")).await.unwrap();
    room.send(stock("p", "north", 5)).await.unwrap();
    room.send(stock("p", "south", 1)).await.unwrap();
    room.send(ProductCommand::Label { product_id: "p".into(), labels }).await.unwrap();
    let receipt = room.send(take("p", "north", 2)).await.unwrap();
    assert_eq!((receipt.version, &*receipt.events[0]), (5, "stockroom.product.taken"));
    let rows = |folder| {
        let root = "SELECT product_id || '|' || version || '|' || sku || '|' || unit_price || '|' || status || '|' || labels FROM products";
        let children = "SELECT product_id || '|' || warehouse || '|' || quantity FROM inventory ORDER BY 1";
        [outside(folder, root).unwrap(), outside(folder, children).unwrap()].concat()
    };
    let expected = [r#"p|5|sku-1|12.5|listed|["red"]"#, "p|north|3", "p|south|1"];
    assert_eq!(rows(folder.path()), expected);
    room.close().await;

    let room = open(folder.path()).await;
    let refused = room.send(take("p", "north", 4)).await;
    assert!(matches!(refused, Err(SendError::Refused(ProductRefusal::TooFew { left: 3 }))), "{refused:?}");
    room.send(ProductCommand::Empty { product_id: "p".into(), warehouse: "north".into() }).await.unwrap();
    let unchanged = ProductCommand::Reprice { product_id: "p".into(), price: Decimal::new(1250, 2) };
    assert_eq!(room.send(unchanged).await.unwrap().version, 6);
    assert_eq!(rows(folder.path())[1..], ["p|south|1"]);
    let gone = ProductCommand::Drop { product_id: "p".into() };
    room.send(gone.clone()).await.unwrap();
    assert_eq!(rows(folder.path()), [""; 0]);
    assert!(matches!(room.send(gone).await, Err(SendError::Refused(ProductRefusal::Unknown))));
    // What has no row is as if nothing had happened: as it would be after a restart.
    assert_eq!(room.send(create("p", "sku-1")).await.unwrap().version, 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hot_product_loses_no_update_and_its_row_counts_every_save() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(folder.path()).await;
    room.send(create("p", "sku-1")).await.unwrap();
    let all: Vec<_> = (0..32)
        .map(|caller| {
            let room = room.clone();
            tokio::spawn(async move {
                let mut net = 0;
                for turn in 0..25_i64 {
                    let quantity = (caller * 7 + turn * 3) % 11 + 1;
                    if (caller + turn) % 2 == 0 {
                        room.send(stock("p", "north", quantity)).await.unwrap();
                        net += quantity;
                        continue;
                    }
                    match room.send(take("p", "north", quantity)).await {
                        Ok(_) => net -= quantity,
                        Err(SendError::Refused(ProductRefusal::TooFew { .. })) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                net
            })
        })
        .collect();
    let mut net = 0;
    for caller in all {
        net += caller.await.unwrap();
    }
    let row = "SELECT quantity || '|' || (SELECT version FROM products) FROM inventory";
    let events = "SELECT count(*) FROM events";
    let count = outside(folder.path(), events).unwrap().remove(0);
    assert_eq!(outside(folder.path(), row).unwrap(), [format!("{net}|{count}")]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_else_changes_in_the_tables_is_what_commands_are_decided_on() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(folder.path()).await;
    room.send(create("p", "sku-1")).await.unwrap();
    room.send(stock("p", "north", 1)).await.unwrap();
    let change = |sql: &str| {
        let sql = format!("BEGIN IMMEDIATE; {sql}; UPDATE products SET version = version + 1; COMMIT");
        outside(folder.path(), &sql).unwrap();
    };
    change("UPDATE inventory SET quantity = 10");
    // Taken upon what is there now; so is the refusal, which would be another one on what was known.
    room.send(take("p", "north", 4)).await.unwrap();
    change("UPDATE inventory SET quantity = 2");
    let refused = room.send(take("p", "north", 3)).await;
    assert!(matches!(refused, Err(SendError::Refused(ProductRefusal::TooFew { left: 2 }))), "{refused:?}");
    change("DELETE FROM inventory; DELETE FROM products");
    let refused = room.send(take("p", "north", 1)).await;
    assert!(matches!(refused, Err(SendError::Refused(ProductRefusal::Unknown))), "{refused:?}");
    assert_eq!(room.send(create("p", "sku-2")).await.unwrap().version, 4);
    // A row that no event has told of.
    outside(
        folder.path(),
        "INSERT INTO products (tenant, product_id, sku, unit_price, status) \
         VALUES ('default', 'old', 'sku-old', '7.5', 'listed')",
    )
    .unwrap();
    let receipt = room.send(stock("old", "north", 3)).expect_version(0).await.unwrap();
    assert_eq!(receipt.version, 1);
    let row = "SELECT version || unit_price FROM products WHERE product_id = 'old'";
    assert_eq!(outside(folder.path(), row).unwrap(), ["17.5"], "what has not changed is not written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_of_the_database_refuses_its_own_command_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let room = open(folder.path()).await;
    room.send(create("first", "sku-1")).await.unwrap();
    let mut all = Vec::new();
    for number in 0..40 {
        let room = room.clone();
        let sku = if number % 2 == 0 { "sku-1".to_owned() } else { format!("other-{number}") };
        all.push(tokio::spawn(async move { room.send(create(&format!("p-{number}"), &sku)).await }));
    }
    for (number, answer) in all.into_iter().enumerate() {
        match answer.await.unwrap() {
            Ok(_) => assert_eq!(number % 2, 1),
            Err(SendError::SaveRefused { rule: SaveRule::Unique, problem }) => {
                assert!(number % 2 == 0 && problem.contains("products.sku"), "{problem}");
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert_eq!(room.head(), 21);
    let below = room.send(stock("first", "north", -1)).await;
    assert!(matches!(below, Err(SendError::SaveRefused { rule: SaveRule::Check, .. })), "{below:?}");
    // What was decided upon the refused one is decided again.
    room.send(stock("first", "north", 1)).await.unwrap();
    let (me, first) = (Principal::default(), StreamId::new("product", "first"));
    let (version, state) = room.state_json(&me, &first, StateAt::Latest).await.unwrap();
    let state = state.unwrap();
    assert_eq!((version, &state["sku"], &state["unit_price"]), (2, &"sku-1".into(), &"12.5".into()));
    assert_eq!(state["inventory"], serde_json::json!([{ "warehouse": "north", "quantity": 1 }]));
    let (_, before) = room.state_json(&me, &first, StateAt::Version(1)).await.unwrap();
    assert_eq!(before.unwrap()["inventory"], serde_json::json!([]));
}

#[derive(Tables, Default)]
#[tables(table = "products", tenant = "tenant", id = "product_id", version = "saves")]
struct Misfit {
    sku: String,
    colour: Option<String>,
    unit_price: i64,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "misfit", prefix = "stockroom.misfit")]
enum MisfitEvent {
    Happened,
}

#[derive(Command, Deserialize, JsonSchema)]
#[command(aggregate = Misfit, id = id)]
enum MisfitCommand {
    Happen { id: String },
}

impl Aggregate for Misfit {
    type Command = MisfitCommand;
    type Event = MisfitEvent;
    type Refusal = std::convert::Infallible;

    fn decide(&self, _: &MisfitCommand, _: &Cx) -> Decided<Self> {
        Ok(vec![])
    }

    fn evolve(&mut self, _: &MisfitEvent) {
        (self.sku, self.colour, self.unit_price) = Default::default();
    }

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_context_whose_tables_do_not_fit_does_not_start_and_says_which_column() {
    let folder = tempfile::tempdir().unwrap();
    let stores = || watershed::embedded(folder.path()).unwrap();
    let misfit = || Context::new("misfit").policy(AllowAll).aggregate::<Misfit>();
    let problem = |started: Result<Running, StartError>| match started {
        Err(StartError::Tables { what, problem }) => format!("{what}: {problem}"),
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it started"),
    };
    let told = problem(misfit().start(stores()).await);
    assert!(told.contains("misfit: there is no table `products`"), "{told}");
    let told = problem(misfit().tables_sql(TABLES).start(stores()).await);
    for words in
        ["`products` has no column `saves`", "no column `colour`", "`products.unit_price` is declared `TEXT`"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
    let changed = SchemaStep { sqlite: "CREATE TABLE more (id TEXT)", ..TABLES };
    let started = Context::new("misfit").policy(AllowAll).tables_sql(changed).start(stores()).await;
    assert!(problem(started).contains("step 1"));
    let told = problem(start(Stores { tables: None, ..stores() }).await);
    assert!(told.contains("keep no tables of state"), "{told}");
    let _ = Product::default();
}
