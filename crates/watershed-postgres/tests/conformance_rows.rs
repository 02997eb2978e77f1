//! The rows on PostgreSQL keep every promise of their port, on a real server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use watershed_core::ports::RowStore;
use watershed_postgres::{Options, PostgresRows};
use watershed_testkit::conformance::row_store::{self, RowsFixture};
use watershed_testkit::postgres::Postgres;

/// A schema of its own for each check.
struct Schema(Options);

impl RowsFixture for Schema {
    async fn open(&self) -> Arc<dyn RowStore> {
        Arc::new(PostgresRows::open(self.0.clone()).await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_the_port_is_kept() {
    let server = Postgres::start();
    let next = AtomicU32::new(0);
    row_store::run(|| {
        let mut options = Options::new(server.server());
        options.schema = format!("rows {}", next.fetch_add(1, Ordering::Relaxed));
        Schema(options)
    })
    .await;
}
