use std::collections::BTreeMap;

use watershed::prelude::*;

use super::{
    ProductCommand as Command, ProductEvent as Event, ProductRefusal as No, SkuBorne, StockLevel, rules,
};
use crate::category::CategoryStands;
use crate::checks::{DESCRIPTION, NAME, optional, required};

/// Whether a product is sold.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProductStatus {
    /// It is.
    Listed,
    /// Not any more.
    Retired,
}

/// One product: a row of `products`, and one of `inventory` for each warehouse that some of it has come to.
#[derive(Tables, Debug, Clone, Default, PartialEq)]
#[tables(table = "products", tenant = "tenant", id = "product_id", version = "version")]
pub struct Product {
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    pub(super) price: Decimal,
    pub(super) category_id: String,
    /// None before it was created, when there is no row either.
    pub(super) status: Option<ProductStatus>,
    pub(super) created_at: Option<Timestamp>,
    pub(super) retired_at: Option<Timestamp>,
    #[tables(children(table = "inventory", parent = "product_id", key = "warehouse"))]
    pub(super) stock: BTreeMap<String, StockLevel>,
}

impl Aggregate for Product {
    type Command = Command;
    type Event = Event;
    type Refusal = No;

    fn premises(command: &Command, on: &mut Premises) {
        match command {
            // What is malformed is refused before anything is looked for.
            Command::CreateProduct { sku, category_id, .. } if rules::sku(sku).is_ok() => {
                on.needs::<SkuBorne>(SkuBorne::within(sku));
                needs_category(category_id, on);
            }
            Command::RecategorizeProduct { category_id, .. } => needs_category(category_id, on),
            _ => {}
        }
    }

    /// Each command passes its rules (`rules.rs`, `stock.rs`) and leads to one event, or to none where nothing would change.
    fn decide(&self, command: &Command, cx: &Cx) -> Decided<Self> {
        Ok(vec![match command {
            Command::CreateProduct { product_id, sku, name, description, price, category_id } => {
                if self.status.is_some() {
                    return Err(No::AlreadyCreated);
                }
                required("product_id", product_id, NAME)?;
                rules::sku(sku)?;
                required("name", name, NAME)?;
                optional("description", description.as_deref(), DESCRIPTION)?;
                let price = rules::price(*price)?;
                if cx.premise::<SkuBorne>().is_borne() {
                    return Err(No::SkuTaken);
                }
                Event::Created {
                    sku: sku.clone(),
                    name: name.clone(),
                    description: description.clone(),
                    price,
                    category_id: category_id.clone(),
                    category: category(category_id, cx)?,
                    at: cx.now(),
                }
            }
            Command::RepriceProduct { product_id: _, price } => {
                self.listed()?;
                let (from, price) = (self.price.normalized(), rules::price(*price)?);
                if price == from {
                    return Ok(Vec::new());
                }
                Event::Repriced { from, price }
            }
            Command::RecategorizeProduct { product_id: _, category_id } => {
                self.listed()?;
                let category = category(category_id, cx)?;
                if self.category_id == *category_id {
                    return Ok(Vec::new());
                }
                let (from, category_id) = (self.category_id.clone(), category_id.clone());
                Event::Recategorized { from, category_id, category }
            }
            Command::RetireProduct { product_id: _ } => {
                self.listed()?;
                let (sku, category_id) = (self.sku.clone(), self.category_id.clone());
                Event::Retired { sku, category_id, at: cx.now() }
            }
            Command::ReceiveStock { product_id: _, warehouse, quantity } => {
                self.listed()?;
                self.may_lie_in(warehouse)?;
                let level = self.level(warehouse).receive(*quantity)?;
                Event::StockReceived { warehouse: warehouse.clone(), quantity: *quantity, level }
            }
            Command::ReserveStock { product_id: _, warehouse, quantity } => {
                self.listed()?;
                let level = self.level(warehouse).reserve(*quantity)?;
                Event::StockReserved { warehouse: warehouse.clone(), quantity: *quantity, level }
            }
            Command::ReleaseStock { product_id: _, warehouse, quantity } => {
                // Also of one that is retired: whoever it was kept for will not have it.
                self.known()?;
                let level = self.level(warehouse).release(*quantity)?;
                Event::StockReleased { warehouse: warehouse.clone(), quantity: *quantity, level }
            }
            Command::ShipStock { product_id: _, warehouse, quantity } => {
                self.listed()?;
                let level = self.level(warehouse).ship(*quantity)?;
                Event::StockShipped { warehouse: warehouse.clone(), quantity: *quantity, level }
            }
        }])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Created { sku, name, description, price, category_id, category: _, at } => {
                *self = Self {
                    sku: sku.clone(),
                    name: name.clone(),
                    description: description.clone(),
                    price: *price,
                    category_id: category_id.clone(),
                    status: Some(ProductStatus::Listed),
                    created_at: Some(*at),
                    retired_at: None,
                    stock: BTreeMap::new(),
                };
            }
            Event::Repriced { price, .. } => self.price = *price,
            Event::Recategorized { category_id, .. } => self.category_id.clone_from(category_id),
            Event::Retired { at, .. } => {
                self.status = Some(ProductStatus::Retired);
                self.retired_at = Some(*at);
            }
            Event::StockReceived { warehouse, level, .. }
            | Event::StockReserved { warehouse, level, .. }
            | Event::StockReleased { warehouse, level, .. }
            | Event::StockShipped { warehouse, level, .. } => {
                self.stock.insert(warehouse.clone(), *level);
            }
        }
    }

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}

fn needs_category(category_id: &str, on: &mut Premises) {
    if rules::category_id(category_id).is_ok() {
        on.needs::<CategoryStands>(CategoryStands::within(category_id));
    }
}

/// What the category is called that the command names.
fn category(category_id: &str, cx: &Cx) -> Result<String, No> {
    rules::category_id(category_id)?;
    cx.premise::<CategoryStands>().name().map(str::to_owned).ok_or(No::CategoryUnknown)
}
