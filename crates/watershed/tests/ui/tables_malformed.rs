use std::collections::BTreeMap;

use watershed::prelude::*;

#[derive(Tables, Default)]
struct Nowhere {
    sku: String,
}

#[derive(Tables, Default)]
#[tables(table = products, tenant = "tenant", version = "version", keep = |p| true)]
struct Product {
    #[tables(colum = "unit_price")]
    price: Decimal,
    #[json]
    #[tables(children(table = "labels", parent = "product_id", key = "label"))]
    labels: BTreeMap<String, Label>,
    #[tables(children)]
    stock: BTreeMap<String, Stock>,
    #[tables(children(table = "pictures", kei = "place"))]
    pictures: Vec<Picture>,
}

#[derive(Tables, Default)]
#[tables(table = "products", id = "product_id", version = "version", kept = |p, q| true)]
struct Tuple(String);

fn main() {}
