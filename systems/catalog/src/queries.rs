//! The questions about products, by their names in the business. Each is a plan: nothing here reads anything.

use watershed::prelude::*;

use crate::product::ProductStatus;
use crate::views::{CategoryFacets, ProductDetail};

/// Everything about one product.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "get_product")]
pub struct GetProduct {
    /// The product.
    pub product_id: String,
}

impl Query for GetProduct {
    type Answer = One<ProductDetail>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.product_id)
    }
}

/// The product that is sold under a SKU: at most one.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "product_by_sku")]
pub struct ProductBySku {
    /// The SKU.
    pub sku: String,
}

impl Query for ProductBySku {
    type Answer = Page<ProductDetail>;

    fn ask(&self) -> Self::Answer {
        Page::of(listed().and(ProductDetail::sku.eq(&self.sku))).limit(1)
    }
}

/// In which order products are shown.
#[derive(Choice, Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// By name.
    Name,
    /// The cheapest first.
    Cheapest,
    /// The dearest first.
    Dearest,
}

/// The products of a category that are sold, narrowed down and sorted as asked.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "products_in_category")]
pub struct ProductsInCategory {
    /// The category.
    pub category_id: String,
    /// Only those that cost at least so much.
    pub min_price: Option<Decimal>,
    /// Only those that cost at most so much.
    pub max_price: Option<Decimal>,
    /// Only those of which some can be reserved, or none; all of them where it is left out.
    pub in_stock: Option<bool>,
    /// In which order; by name where nobody says.
    #[serde(default = "by_name")]
    pub order: Order,
}

fn by_name() -> Order {
    Order::Name
}

impl Query for ProductsInCategory {
    type Answer = Page<ProductDetail>;

    fn ask(&self) -> Self::Answer {
        let mut rows = ProductDetail::category_id.eq(&self.category_id).and(listed());
        if let Some(price) = self.min_price {
            rows = rows.and(ProductDetail::price.ge(price));
        }
        if let Some(price) = self.max_price {
            rows = rows.and(ProductDetail::price.le(price));
        }
        rows = match self.in_stock {
            Some(true) => rows.and(ProductDetail::available.gt(0)),
            Some(false) => rows.and(ProductDetail::available.le(0)),
            None => rows,
        };
        Page::of(rows).sort([match self.order {
            Order::Name => ProductDetail::name.asc(),
            Order::Cheapest => ProductDetail::price.asc(),
            Order::Dearest => ProductDetail::price.desc(),
        }])
    }
}

/// The products of all categories that are sold and cost from `from` to `to`, both included; the cheapest first.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "products_by_price")]
pub struct ProductsByPrice {
    /// What they cost at least.
    pub from: Decimal,
    /// What they cost at most.
    pub to: Decimal,
}

impl Query for ProductsByPrice {
    type Answer = Page<ProductDetail>;

    fn ask(&self) -> Self::Answer {
        let range = ProductDetail::price.ge(self.from).and(ProductDetail::price.le(self.to));
        Page::of(range.and(listed())).sort([ProductDetail::price.asc()])
    }
}

/// The first fifty products that are sold, by name, whose name holds the term.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "search_products")]
pub struct SearchProducts {
    /// A part of a name, in letters of any case.
    pub term: String,
    /// Only in this category.
    pub category_id: Option<String>,
}

impl Query for SearchProducts {
    type Answer = Page<ProductDetail>;

    fn ask(&self) -> Self::Answer {
        let named = ProductDetail::name.contains(&self.term).and(listed());
        let rows = match &self.category_id {
            Some(category_id) => named.and(ProductDetail::category_id.eq(category_id)),
            None => named,
        };
        Page::of(rows).sort([ProductDetail::name.asc()]).limit(50)
    }
}

/// The products that are sold and of which few can be reserved any more; those that have run out first.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "low_stock")]
pub struct LowStock {
    /// How many are few; 5 where nobody says.
    #[serde(default = "five")]
    pub at_most: i64,
}

fn five() -> i64 {
    5
}

impl Query for LowStock {
    type Answer = Page<ProductDetail>;

    fn ask(&self) -> Self::Answer {
        Page::of(listed().and(ProductDetail::available.le(self.at_most)))
            .sort([ProductDetail::available.asc()])
            .limit(1_000)
    }
}

/// What each category can be narrowed down by.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "category_facets")]
pub struct ListCategoryFacets {}

impl Query for ListCategoryFacets {
    type Answer = Page<CategoryFacets>;

    fn ask(&self) -> Self::Answer {
        Page::all().sort([CategoryFacets::category_id.asc()]).limit(1_000)
    }
}

fn listed() -> Filter<ProductDetail> {
    ProductDetail::status.eq(ProductStatus::Listed)
}
