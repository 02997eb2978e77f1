//! What operators have decided, on PostgreSQL: every promise of the ledger is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use watershed_core::ports::Ledger;
use watershed_postgres::{Options, PostgresLedger};
use watershed_testkit::conformance::ledger::{self, LedgerFixture};
use watershed_testkit::postgres::Postgres;

struct Schema(Options);

impl LedgerFixture for Schema {
    async fn open(&self) -> Arc<dyn Ledger> {
        Arc::new(PostgresLedger::open(self.0.clone()).await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept() {
    let server = Postgres::start();
    let next = AtomicU32::new(0);
    ledger::run(|| {
        let mut options = Options::new(server.server());
        options.schema = format!("ledger {}", next.fetch_add(1, Ordering::Relaxed));
        Schema(options)
    })
    .await;
}
