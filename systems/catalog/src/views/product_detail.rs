use std::collections::BTreeMap;

use watershed::prelude::*;

use super::CategoryRow;
use crate::category::CategoryEvent;
use crate::product::{ProductEvent, ProductStatus, StockLevel};

/// A product as its page shows it: with its category and its stock.
#[expect(clippy::duplicated_attributes, reason = "two indexes begin with one column")]
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(
    name = "product_detail",
    version = 1,
    on(ProductEvent, CategoryEvent),
    index(category_id, name),
    index(category_id, price),
    index(status, available)
)]
#[contract(owner = "merchandising", fresh = operational(2s), reconcile = sample(1h), unknown = park)]
pub struct ProductDetail {
    /// The product.
    #[key]
    pub product_id: String,
    /// Its SKU. Of several products that have borne it, one at most is listed.
    #[index]
    pub sku: String,
    /// What customers call it.
    #[index]
    #[search]
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// Whether it is sold.
    pub status: ProductStatus,
    /// What one costs.
    #[index]
    pub price: Decimal,

    /// The category that it stands in.
    pub category_id: String,
    /// What that is called now.
    pub category: String,

    /// How many there are, in all warehouses.
    pub on_hand: i64,
    /// How many of them are kept for somebody.
    pub reserved: i64,
    /// How many can be reserved.
    pub available: i64,
    /// The same by warehouse.
    #[json]
    pub stock: BTreeMap<String, StockLevel>,

    /// When it was listed.
    pub created_at: Timestamp,
    /// When it was retired, if it was.
    pub retired_at: Option<Timestamp>,
}

/// How much one costs, in four steps: the facets that customers choose by.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceBand {
    /// Below 10.
    Under10,
    /// From 10, below 50.
    Under50,
    /// From 50, below 200.
    Under200,
    /// From 200.
    From200,
}

impl On<ProductEvent> for ProductDetail {
    fn keys(event: &Recorded<ProductEvent>) -> Keys<Self> {
        Keys::one(&event.stream.id)
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<ProductEvent>) -> Applied {
        match &event.data {
            ProductEvent::Created { sku, name, description, price, category_id, category, at } => {
                let category = name_of(row, category_id, category)?;
                row.put(Self {
                    product_id: event.stream.id.to_string(),
                    sku: sku.clone(),
                    name: name.clone(),
                    description: description.clone(),
                    status: ProductStatus::Listed,
                    price: *price,
                    category_id: category_id.clone(),
                    category,
                    on_hand: 0,
                    reserved: 0,
                    available: 0,
                    stock: BTreeMap::new(),
                    created_at: *at,
                    retired_at: None,
                });
            }
            ProductEvent::Repriced { price, .. } => row.get()?.price = *price,
            ProductEvent::Recategorized { category_id, category, .. } => {
                let category = name_of(row, category_id, category)?;
                let product = row.get()?;
                product.category_id.clone_from(category_id);
                product.category = category;
            }
            ProductEvent::Retired { at, .. } => {
                let product = row.get()?;
                product.status = ProductStatus::Retired;
                product.retired_at = Some(*at);
            }
            ProductEvent::StockReceived { warehouse, level, .. }
            | ProductEvent::StockReserved { warehouse, level, .. }
            | ProductEvent::StockReleased { warehouse, level, .. }
            | ProductEvent::StockShipped { warehouse, level, .. } => row.get()?.lies(warehouse, *level),
        }
        Ok(())
    }
}

/// What a category is called concerns every product in it.
impl On<CategoryEvent> for ProductDetail {
    fn keys(event: &Recorded<CategoryEvent>) -> Keys<Self> {
        match &event.data {
            CategoryEvent::Renamed { category_id, .. } => Keys::Matching(Self::category_id.eq(category_id)),
            // Nothing is in it yet; nothing that is sold is in it any more.
            CategoryEvent::Created { .. } | CategoryEvent::Retired { .. } => Keys::None,
        }
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<CategoryEvent>) -> Applied {
        if let CategoryEvent::Renamed { name, .. } = &event.data {
            row.get()?.category.clone_from(name);
        }
        Ok(())
    }
}

/// What the category is called as of the event; what the event says where no such category is known here.
fn name_of(row: &Slot<'_, ProductDetail>, category_id: &str, said: &str) -> Result<String, ApplyError> {
    let category = row.of::<CategoryRow>(category_id)?;
    Ok(category.map_or(said, |category| &category.name).to_owned())
}

impl ProductDetail {
    /// How much one costs, in four steps.
    #[must_use]
    pub fn price_band(&self) -> PriceBand {
        match self.price {
            price if price < Decimal::from(10) => PriceBand::Under10,
            price if price < Decimal::from(50) => PriceBand::Under50,
            price if price < Decimal::from(200) => PriceBand::Under200,
            _ => PriceBand::From200,
        }
    }

    /// So much lies in the warehouse now.
    fn lies(&mut self, warehouse: &str, level: StockLevel) {
        self.stock.insert(warehouse.to_owned(), level);
        self.on_hand = self.stock.values().map(|level| level.on_hand).sum();
        self.reserved = self.stock.values().map(|level| level.reserved).sum();
        self.available = self.on_hand - self.reserved;
    }
}
