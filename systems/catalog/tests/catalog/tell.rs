//! Short ways of telling what happened to a product or a category, and what it is asked.

use catalog::category::{CategoryCommand, CategoryEvent};
use catalog::product::{ProductCommand, ProductEvent, StockLevel};
use watershed::prelude::*;
use watershed_testkit::{decimal, timestamp};

/// When commands are decided.
pub(crate) fn now() -> Timestamp {
    timestamp("2025-03-01T09:00:00Z")
}

pub(crate) fn level(on_hand: i64, reserved: i64) -> StockLevel {
    StockLevel { on_hand, reserved }
}

pub(crate) fn category_created(category_id: &str, name: &str) -> CategoryEvent {
    CategoryEvent::Created { category_id: category_id.into(), name: name.into() }
}

pub(crate) fn category_renamed(category_id: &str, from: &str, name: &str) -> CategoryEvent {
    CategoryEvent::Renamed { category_id: category_id.into(), from: from.into(), name: name.into() }
}

pub(crate) fn category_retired(category_id: &str, name: &str) -> CategoryEvent {
    CategoryEvent::Retired { category_id: category_id.into(), name: name.into() }
}

/// A hammer for 12.50, in the category `tools`, which is called so.
pub(crate) fn created() -> ProductEvent {
    created_as("HAMMER-1", "tools")
}

pub(crate) fn created_as(sku: &str, category_id: &str) -> ProductEvent {
    ProductEvent::Created {
        sku: sku.into(),
        name: "Hammer".into(),
        description: None,
        price: decimal("12.5"),
        category_id: category_id.into(),
        category: "Tools".into(),
        at: now(),
    }
}

pub(crate) fn repriced(from: &str, price: &str) -> ProductEvent {
    ProductEvent::Repriced { from: decimal(from), price: decimal(price) }
}

pub(crate) fn recategorized(from: &str, category_id: &str, category: &str) -> ProductEvent {
    ProductEvent::Recategorized {
        from: from.into(),
        category_id: category_id.into(),
        category: category.into(),
    }
}

pub(crate) fn retired() -> ProductEvent {
    retired_as("HAMMER-1", "tools")
}

pub(crate) fn retired_as(sku: &str, category_id: &str) -> ProductEvent {
    ProductEvent::Retired { sku: sku.into(), category_id: category_id.into(), at: now() }
}

pub(crate) fn received(warehouse: &str, quantity: i64, level: StockLevel) -> ProductEvent {
    ProductEvent::StockReceived { warehouse: warehouse.into(), quantity, level }
}

pub(crate) fn reserved(warehouse: &str, quantity: i64, level: StockLevel) -> ProductEvent {
    ProductEvent::StockReserved { warehouse: warehouse.into(), quantity, level }
}

pub(crate) fn released(warehouse: &str, quantity: i64, level: StockLevel) -> ProductEvent {
    ProductEvent::StockReleased { warehouse: warehouse.into(), quantity, level }
}

pub(crate) fn shipped(warehouse: &str, quantity: i64, level: StockLevel) -> ProductEvent {
    ProductEvent::StockShipped { warehouse: warehouse.into(), quantity, level }
}

pub(crate) fn create_category(category_id: &str, name: &str) -> CategoryCommand {
    CategoryCommand::CreateCategory { category_id: category_id.into(), name: name.into() }
}

pub(crate) fn rename_category(category_id: &str, name: &str) -> CategoryCommand {
    CategoryCommand::RenameCategory { category_id: category_id.into(), name: name.into() }
}

pub(crate) fn retire_category(category_id: &str) -> CategoryCommand {
    CategoryCommand::RetireCategory { category_id: category_id.into() }
}

/// The command that [`created`] follows from.
pub(crate) fn create() -> ProductCommand {
    create_as("p-1", "HAMMER-1", "tools")
}

pub(crate) fn create_as(product_id: &str, sku: &str, category_id: &str) -> ProductCommand {
    ProductCommand::CreateProduct {
        product_id: product_id.into(),
        sku: sku.into(),
        name: "Hammer".into(),
        description: None,
        price: decimal("12.50"),
        category_id: category_id.into(),
    }
}

pub(crate) fn reprice(price: &str) -> ProductCommand {
    ProductCommand::RepriceProduct { product_id: "p-1".into(), price: decimal(price) }
}

pub(crate) fn recategorize(category_id: &str) -> ProductCommand {
    ProductCommand::RecategorizeProduct { product_id: "p-1".into(), category_id: category_id.into() }
}

pub(crate) fn retire() -> ProductCommand {
    ProductCommand::RetireProduct { product_id: "p-1".into() }
}

pub(crate) fn receive(warehouse: &str, quantity: i64) -> ProductCommand {
    ProductCommand::ReceiveStock { product_id: "p-1".into(), warehouse: warehouse.into(), quantity }
}

pub(crate) fn reserve(warehouse: &str, quantity: i64) -> ProductCommand {
    ProductCommand::ReserveStock { product_id: "p-1".into(), warehouse: warehouse.into(), quantity }
}

pub(crate) fn release(warehouse: &str, quantity: i64) -> ProductCommand {
    ProductCommand::ReleaseStock { product_id: "p-1".into(), warehouse: warehouse.into(), quantity }
}

pub(crate) fn ship(warehouse: &str, quantity: i64) -> ProductCommand {
    ProductCommand::ShipStock { product_id: "p-1".into(), warehouse: warehouse.into(), quantity }
}
