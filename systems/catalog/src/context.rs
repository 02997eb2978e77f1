use watershed::runtime::Context;

use crate::category::Category;
use crate::product::Product;
use crate::queries::{
    GetProduct, ListCategoryFacets, LowStock, ProductBySku, ProductsByPrice, ProductsInCategory,
    SearchProducts,
};
use crate::tables::STEPS;
use crate::views::{CategoryFacets, CategoryRow, ProductDetail};

/// A product catalog as a bounded context, ready to be started once its host has said who may do what:
/// `catalog::context().policy(AllowAll)` allows everything to everybody.
///
/// Its stores must keep tables of state: those on SQLite do, and those on PostgreSQL.
pub fn context() -> Context {
    STEPS
        .into_iter()
        .fold(Context::new("catalog"), Context::tables_sql)
        .aggregate::<Product>()
        .aggregate::<Category>()
        .group::<(CategoryRow, ProductDetail)>()
        .rollups::<(CategoryFacets,)>()
        .queries::<(
            GetProduct,
            ProductBySku,
            ProductsInCategory,
            ProductsByPrice,
            SearchProducts,
            LowStock,
            ListCategoryFacets,
        )>()
}
