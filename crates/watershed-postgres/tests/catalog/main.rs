//! The product catalog on PostgreSQL: its tables, its log and its rows in one database, worked on by several nodes.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod races;
mod rename;
mod story;

use std::path::Path;

use catalog::category::CategoryCommand;
use catalog::product::ProductCommand;
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed_postgres::Options;
use watershed_testkit::postgres::Postgres;

/// The context at one instant: what is recorded is then the same wherever it runs.
fn context() -> Context {
    let now = "2025-06-01T12:00:00Z".parse().unwrap();
    catalog::context().policy(AllowAll).clock(ManualClock::at(now))
}

/// A node without anything on its own disk.
async fn node(server: &Postgres) -> Running {
    let stores = watershed::on_postgres(Options::new(server.server())).await.unwrap();
    context().start(stores).await.unwrap()
}

async fn embedded(folder: &Path) -> Running {
    context().start(watershed::embedded(folder).unwrap()).await.unwrap()
}

fn create_category(category_id: &str) -> CategoryCommand {
    CategoryCommand::CreateCategory { category_id: category_id.into(), name: category_id.into() }
}

fn create(product_id: &str, sku: &str, category_id: &str) -> ProductCommand {
    ProductCommand::CreateProduct {
        product_id: product_id.into(),
        sku: sku.into(),
        name: format!("The {sku}"),
        description: None,
        price: Decimal::new(1_999, 2),
        category_id: category_id.into(),
    }
}

fn retire(product_id: &str) -> ProductCommand {
    ProductCommand::RetireProduct { product_id: product_id.into() }
}
