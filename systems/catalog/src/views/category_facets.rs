use std::collections::BTreeMap;

use watershed::prelude::*;

use super::{PriceBand, ProductDetail};
use crate::product::ProductStatus;

/// The products of a category that are sold, taken together: what a customer can narrow it down by.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(
    name = "category_facets",
    version = 1,
    of = ProductDetail,
    filter = |r| r.status == ProductStatus::Listed
)]
pub struct CategoryFacets {
    /// The category.
    #[group]
    pub category_id: String,
    /// What it is called.
    #[max(|r| r.category.as_str())]
    pub category: Option<String>,
    /// How many products.
    #[count]
    pub products: u64,
    /// How many of them can be reserved somewhere.
    #[count(|r| r.available > 0)]
    pub in_stock: u64,
    /// How many can be reserved of all of them.
    #[sum(|r| r.available)]
    pub available: i64,
    /// What the cheapest costs.
    #[min(|r| r.price)]
    pub cheapest: Option<Decimal>,
    /// What the dearest costs.
    #[max(|r| r.price)]
    pub dearest: Option<Decimal>,
    /// How many products, by what they cost.
    #[count_by(|r| r.price_band())]
    pub by_price: BTreeMap<PriceBand, u64>,
}
