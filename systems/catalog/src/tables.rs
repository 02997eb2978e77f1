//! The tables that products and categories stand in, in the log's own database: the write side is normalised, one fact in one place.
//!
//! Each file is a step, run once and for ever what it is: a change is another step. What the rules of the tables say the aggregates
//! have said before; they hold for whoever else writes there.

use watershed::core::ports::SchemaStep;

macro_rules! steps {
    ($($number:literal $file:literal),*) => {
        [$(SchemaStep {
            number: $number,
            sqlite: include_str!(concat!("../sql/sqlite/", $file, ".sql")),
            postgres: include_str!(concat!("../sql/postgres/", $file, ".sql")),
        }),*]
    };
}

/// The steps, in their order.
pub const STEPS: [SchemaStep; 5] = steps![
    1 "0001_categories",
    2 "0002_products",
    3 "0003_products_by_sku",
    4 "0004_products_by_category",
    5 "0005_inventory"
];
