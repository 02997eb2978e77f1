//! A save whose commit is not answered, while nothing reaches the server.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stockroom;

use std::time::{Duration, Instant};

use stockroom::{CountCommand, options, start};
use watershed::prelude::*;
use watershed_postgres::Options;
use watershed_testkit::postgres::Postgres;
use watershed_testkit::proxy::Proxy;

/// How long a statement may take, and a server be waited for.
const PATIENCE: Duration = Duration::from_secs(1);
fn add(id: &str) -> CountCommand {
    CountCommand::Add { id: id.to_owned(), by: 1 }
}

fn standbys(server: &Postgres, names: &str) {
    server.sql(&format!("ALTER SYSTEM SET synchronous_standby_names = '{names}'"));
    server.sql("SELECT pg_reload_conf()");
    while server.sql("SHOW synchronous_standby_names") != names {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_while_a_commit_is_looked_for_is_told_that_the_server_cannot_be_reached() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let mut through = Options::new(format!("{} connect_timeout=1", Postgres::server_at(proxy.port())));
    (through.statement, through.patience) = (PATIENCE, PATIENCE);
    through.schema = options(&server, "saves").schema;
    let folder = tempfile::tempdir().unwrap();
    let node = start(&through, folder.path()).await;
    node.send(add("quick")).await.unwrap();
    // Commits wait for a standby that there is not.
    standbys(&server, "nobody");
    let saving = tokio::spawn({
        let node = node.clone();
        async move { node.send(add("slow")).await }
    });
    let committing =
        "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND wait_event = 'SyncRep'";
    while server.sql(committing) != "1" {
        assert!(!saving.is_finished(), "it was not held up");
    }
    proxy.hold();
    standbys(&server, "");
    // The statement's time, and the patience: then the connection is given up.
    tokio::time::sleep(3 * PATIENCE).await;
    let begun = Instant::now();
    // Its state is in memory: it waits behind the other one, and for nothing else.
    let told = tokio::time::timeout(10 * PATIENCE, node.send(add("quick"))).await;
    assert!(matches!(told, Ok(Err(SendError::ReadOnly(_)))), "{told:?}");
    assert!(begun.elapsed() < 3 * PATIENCE, "{:?}", begun.elapsed());
    assert!(!saving.is_finished(), "nobody can know yet whether it was saved");
    proxy.release();
    saving.await.unwrap().unwrap();
    assert_eq!(
        server.sql("SELECT string_agg(count_id || total, ' ' ORDER BY count_id) FROM saves.counts"),
        "quick1 slow1"
    );
}
