//! Every promise of the log's port, held on a real server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use watershed_core::ports::EventLog;
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::conformance::event_log::{self, LogFixture};
use watershed_testkit::postgres::Postgres;

/// A schema of its own for each check.
struct Schema(Options);

impl LogFixture for Schema {
    async fn open(&self) -> Arc<dyn EventLog> {
        Arc::new(PostgresLog::open(self.0.clone()).await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_the_port_is_kept() {
    let server = Postgres::start();
    let next = AtomicU32::new(0);
    event_log::run(|| {
        let mut options = Options::new(server.server());
        options.schema = format!("log {}", next.fetch_add(1, Ordering::Relaxed));
        Schema(options)
    })
    .await;
}
