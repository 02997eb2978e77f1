//! State in the user's own tables, on a real server: every promise of its port is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::conformance::state_tables::{self, StateFixture, StateStores};
use watershed_testkit::postgres::{Postgres, client};

/// A schema of its own for each check.
struct Schema(Options);

impl StateFixture for Schema {
    async fn open(&self) -> StateStores {
        let log = PostgresLog::open(self.0.clone()).await.unwrap();
        StateStores { tables: log.tables(), log: Arc::new(log) }
    }

    async fn outside(&self, sql: &str) -> Result<(), String> {
        let client = client(&self.0.server).await;
        let sql = format!("SET search_path TO \"{}\"; {sql}", self.0.schema);
        client.batch_execute(&sql).await.map_err(|error| format!("{error:?}"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_the_port_is_kept() {
    let server = Postgres::start();
    let next = AtomicU32::new(0);
    state_tables::run(|| {
        let mut options = Options::new(server.server());
        options.schema = format!("state {}", next.fetch_add(1, Ordering::Relaxed));
        Schema(options)
    })
    .await;
}
