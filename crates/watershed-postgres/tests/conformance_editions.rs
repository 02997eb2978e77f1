//! Editions of rows on PostgreSQL, and those that were saved, keep every promise of their ports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use watershed_core::Position;
use watershed_core::ports::RowEditions;
use watershed_postgres::{Options, PostgresRows};
use watershed_testkit::conformance::row_editions::{self, EditionsFixture};
use watershed_testkit::conformance::row_snapshots;
use watershed_testkit::postgres::{Postgres, client};

struct Schema(Options);

impl EditionsFixture for Schema {
    async fn open(&self) -> Arc<dyn RowEditions> {
        Arc::new(PostgresRows::open(self.0.clone()).await.unwrap())
    }

    /// As `psql` would: by the view that bears the read model's name, or, where another group's bears it, that with the group's
    /// name before it. Its row bears the number that the checkpoint must have.
    async fn shown(&self, group: &str) -> Option<Position> {
        let client = client(&self.0.server).await;
        let set = format!("SET search_path TO \"{}\"", self.0.schema);
        client.batch_execute(&set).await.unwrap();
        let sql = "SELECT view_name FROM published WHERE projection_name = $1 AND of = 'things'";
        let view: String = client.query_opt(sql, &[&group]).await.unwrap()?.get(0);
        let qualified = format!("{group}.things");
        assert!(view == "things" || view == qualified, "{view}");
        let sql = format!(
            "SELECT t.number, c.position FROM \"{view}\" t, checkpoints c
             WHERE t.tenant = 'default' AND t.id = 'a' AND c.projection_name = $1 AND c.published"
        );
        let rows = client.query(&sql, &[&group]).await.unwrap();
        assert_eq!(rows.len(), 1, "one shown row");
        let (number, position): (i64, i64) = (rows[0].get(0), rows[0].get(1));
        assert_eq!(number, position, "the view and the checkpoint are of one edition");
        Some(u64::try_from(position).unwrap())
    }
}

fn fixtures(server: &Postgres) -> impl Fn() -> Schema {
    let (server, next) = (server.server(), AtomicU32::new(0));
    move || {
        let mut options = Options::new(server.clone());
        options.schema = format!("rows {}", next.fetch_add(1, Ordering::Relaxed));
        Schema(options)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_editions_is_kept() {
    let server = Postgres::start();
    row_editions::run(fixtures(&server)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_promise_of_saved_editions_is_kept() {
    let server = Postgres::start();
    row_snapshots::run(fixtures(&server)).await;
}
