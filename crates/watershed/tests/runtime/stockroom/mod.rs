//! A stockroom: an aggregate whose state stands in tables of the user's own, with children.

mod killed;
mod moving_on;
mod saving;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command as Process;

use watershed::core::ports::SchemaStep;
use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "product", prefix = "stockroom.product")]
pub(crate) enum ProductEvent {
    Created {
        sku: String,
        price: Decimal,
        at: Timestamp,
    },
    Repriced {
        price: Decimal,
    },
    Labelled {
        labels: Vec<String>,
    },
    Stocked {
        warehouse: String,
        quantity: i64,
    },
    Taken {
        warehouse: String,
        quantity: i64,
    },
    Emptied {
        warehouse: String,
    },
    Dropped,
    /// What was there before there were events.
    Adopted {
        sku: String,
        price: Decimal,
        status: Status,
        labels: Vec<String>,
        stock: BTreeMap<String, i64>,
    },
}

#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) enum Status {
    #[default]
    Unknown,
    Listed,
    Dropped,
}

#[derive(TableRow, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
pub(crate) struct Stock {
    quantity: i64,
}

#[derive(Tables, Serialize, Deserialize, Debug, Clone, PartialEq, Default)]
#[tables(
    table = "products",
    tenant = "tenant",
    id = "product_id",
    version = "version",
    kept = |product| product.status != Status::Dropped
)]
pub(crate) struct Product {
    sku: String,
    #[tables(column = "unit_price")]
    price: Decimal,
    status: Status,
    listed_at: Option<Timestamp>,
    #[json]
    labels: Option<Vec<String>>,
    #[tables(children(table = "inventory", parent = "product_id", key = "warehouse"))]
    stock: BTreeMap<String, Stock>,
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Product, id = product_id)]
pub(crate) enum ProductCommand {
    Create { product_id: String, sku: String, price: Decimal },
    Reprice { product_id: String, price: Decimal },
    Label { product_id: String, labels: Vec<String> },
    Stock { product_id: String, warehouse: String, quantity: i64 },
    Take { product_id: String, warehouse: String, quantity: i64 },
    Empty { product_id: String, warehouse: String },
    Drop { product_id: String },
    Adopt { product_id: String },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "stockroom.product")]
pub(crate) enum ProductRefusal {
    #[refusal("the product is there already")]
    Known,
    #[refusal("there is no such product")]
    Unknown,
    #[refusal("only {left} are left", field = quantity)]
    TooFew { left: i64 },
}

impl Aggregate for Product {
    type Command = ProductCommand;
    type Event = ProductEvent;
    type Refusal = ProductRefusal;

    fn decide(&self, command: &ProductCommand, cx: &Cx) -> Decided<Self> {
        if let ProductCommand::Create { sku, price, .. } = command {
            return match self.status {
                Status::Unknown => {
                    Ok(vec![ProductEvent::Created { sku: sku.clone(), price: *price, at: cx.now() }])
                }
                _ => Err(ProductRefusal::Known),
            };
        }
        if self.status == Status::Unknown {
            return Err(ProductRefusal::Unknown);
        }
        let left = |warehouse: &str| self.stock.get(warehouse).map_or(0, |stock| stock.quantity);
        Ok(vec![match command.clone() {
            ProductCommand::Create { .. } => return Ok(vec![]),
            ProductCommand::Reprice { price, .. } if price == self.price => return Ok(vec![]),
            ProductCommand::Reprice { price, .. } => ProductEvent::Repriced { price },
            ProductCommand::Label { labels, .. } => ProductEvent::Labelled { labels },
            ProductCommand::Stock { warehouse, quantity, .. } => {
                ProductEvent::Stocked { warehouse, quantity }
            }
            ProductCommand::Take { warehouse, quantity, .. } if left(&warehouse) < quantity => {
                return Err(ProductRefusal::TooFew { left: left(&warehouse) });
            }
            ProductCommand::Take { warehouse, quantity, .. } => ProductEvent::Taken { warehouse, quantity },
            ProductCommand::Empty { warehouse, .. } => ProductEvent::Emptied { warehouse },
            ProductCommand::Drop { .. } => ProductEvent::Dropped,
            ProductCommand::Adopt { .. } => ProductEvent::Adopted {
                sku: self.sku.clone(),
                price: self.price,
                status: self.status,
                labels: self.labels.clone().unwrap_or_default(),
                stock: self.stock.iter().map(|(place, stock)| (place.clone(), stock.quantity)).collect(),
            },
        }])
    }

    fn evolve(&mut self, event: &ProductEvent) {
        match event.clone() {
            ProductEvent::Created { sku, price, at } => {
                *self = Self { sku, price, status: Status::Listed, listed_at: Some(at), ..Self::default() };
            }
            ProductEvent::Repriced { price } => self.price = price,
            ProductEvent::Labelled { labels } => self.labels = Some(labels),
            ProductEvent::Stocked { warehouse, quantity } => {
                self.stock.entry(warehouse).or_default().quantity += quantity;
            }
            ProductEvent::Taken { warehouse, quantity } => {
                self.stock.entry(warehouse).or_default().quantity -= quantity;
            }
            ProductEvent::Emptied { warehouse } => {
                self.stock.remove(&warehouse);
            }
            ProductEvent::Dropped => self.status = Status::Dropped,
            ProductEvent::Adopted { sku, price, status, labels, stock } => {
                let labels = (!labels.is_empty()).then_some(labels);
                let stock = stock.into_iter().map(|(place, quantity)| (place, Stock { quantity })).collect();
                *self = Self { sku, price, status, listed_at: self.listed_at, labels, stock };
            }
        }
    }

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}

/// The same tables as one whose state is folded from its events.
pub(crate) const TABLES: SchemaStep =
    SchemaStep { number: 1, sqlite: include_str!("sql/tables.sql"), postgres: "" };

pub(crate) async fn open(folder: &Path) -> Running {
    start(watershed::embedded(folder).unwrap()).await.unwrap()
}

pub(crate) async fn start(stores: Stores) -> Result<Running, StartError> {
    Context::new("stockroom").policy(AllowAll).tables_sql(TABLES).aggregate::<Product>().start(stores).await
}

pub(crate) fn create(product: &str, sku: &str) -> ProductCommand {
    ProductCommand::Create { product_id: product.into(), sku: sku.into(), price: Decimal::new(1250, 2) }
}

pub(crate) fn stock(product: &str, warehouse: &str, quantity: i64) -> ProductCommand {
    ProductCommand::Stock { product_id: product.into(), warehouse: warehouse.into(), quantity }
}

pub(crate) fn take(product: &str, warehouse: &str, quantity: i64) -> ProductCommand {
    ProductCommand::Take { product_id: product.into(), warehouse: warehouse.into(), quantity }
}

/// What somebody else finds, or does, in the tables: the lines that the `sqlite3` shell prints.
pub(crate) fn outside(folder: &Path, sql: &str) -> Result<Vec<String>, String> {
    let mut shell = Process::new("sqlite3");
    shell.args(["-cmd", ".timeout 5000", "-cmd", "PRAGMA foreign_keys = ON"]);
    shell.arg(folder.join("log.db")).arg(sql);
    let output = shell.output();
    let output = output.unwrap_or_else(|error| panic!("no sqlite3 shell, which this test needs: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    match output.status.success() {
        true => Ok(text(&output.stdout).lines().map(str::to_owned).collect()),
        false => Err(text(&output.stderr)),
    }
}
