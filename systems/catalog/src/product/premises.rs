use std::collections::BTreeMap;

use watershed::prelude::*;

use super::ProductEvent as Event;

/// Whether a product of the tenant that is not retired bears a SKU.
#[derive(Debug, Default)]
pub struct SkuBorne(bool);

impl SkuBorne {
    /// What takes that SKU, and what gives it back.
    #[must_use]
    pub fn within(sku: &str) -> Boundary {
        Boundary::tag("sku", sku).named(["catalog.product.created", "catalog.product.retired"])
    }

    /// Whether one does.
    #[must_use]
    pub fn is_borne(&self) -> bool {
        self.0
    }
}

impl Premise for SkuBorne {
    type Event = Event;

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Created { .. } => self.0 = true,
            Event::Retired { .. } => self.0 = false,
            _ => {}
        }
    }
}

/// How many products that are not retired stand in a category.
///
/// Who comes into the category has left another one by the same event, so each event is counted for both; only of the category that
/// the boundary was drawn for everything is seen.
#[derive(Debug, Default)]
pub struct Occupants(BTreeMap<String, i64>);

impl Occupants {
    /// What brings products into the category with that id, and out of it.
    #[must_use]
    pub fn within(category_id: &str) -> Boundary {
        Boundary::tag("category_id", category_id).named([
            "catalog.product.created",
            "catalog.product.recategorized",
            "catalog.product.retired",
        ])
    }

    /// How many stand in the category that the boundary was drawn for.
    #[must_use]
    pub fn of(&self, category_id: &str) -> i64 {
        self.0.get(category_id).copied().unwrap_or_default()
    }

    fn count(&mut self, category_id: &str, products: i64) {
        match self.0.get_mut(category_id) {
            Some(count) => *count += products,
            None => {
                self.0.insert(category_id.to_owned(), products);
            }
        }
    }
}

impl Premise for Occupants {
    type Event = Event;

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Created { category_id, .. } => self.count(category_id, 1),
            Event::Recategorized { from, category_id, .. } => {
                self.count(from, -1);
                self.count(category_id, 1);
            }
            Event::Retired { category_id, .. } => self.count(category_id, -1),
            _ => {}
        }
    }
}
