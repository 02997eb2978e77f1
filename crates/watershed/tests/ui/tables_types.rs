use std::collections::BTreeMap;

use watershed::prelude::*;

struct Weight(f64);

/// Its row could not be read: a column has no type that a table has.
#[derive(Tables, Default)]
#[tables(table = "products", tenant = "tenant", id = "product_id", version = "version")]
struct Product {
    weight: Option<Weight>,
    #[tables(children(table = "inventory", parent = "product_id", key = "warehouse"))]
    stock: BTreeMap<String, Stock>,
}

/// Not a row of a table.
struct Stock {
    on_hand: u64,
}

/// Kept in tables that nobody has described.
#[derive(Default)]
struct Basket;

impl Aggregate for Basket {
    type Command = ();
    type Event = ();
    type Refusal = ();

    fn decide(&self, _: &(), _: &Cx) -> Decided<Self> {
        Ok(vec![])
    }

    fn evolve(&mut self, _: &()) {}

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}

fn main() {}
