//! The lines that imports could not take, on PostgreSQL: every promise of their port is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use watershed_core::ports::Triage;
use watershed_postgres::{Options, PostgresTriage};
use watershed_testkit::conformance::triage::{self, TriageFixture};
use watershed_testkit::postgres::Postgres;

struct Schema(Options);

impl TriageFixture for Schema {
    async fn open(&self) -> Arc<dyn Triage> {
        Arc::new(PostgresTriage::open(self.0.clone()).await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_is_kept() {
    let server = Postgres::start();
    let next = AtomicU32::new(0);
    triage::run(|| {
        let mut options = Options::new(server.server());
        options.schema = format!("triage {}", next.fetch_add(1, Ordering::Relaxed));
        Schema(options)
    })
    .await;
}
