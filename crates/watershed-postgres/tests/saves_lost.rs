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
/// Whoever saves has to wait at the end of the transaction.
const SLOW: &str = "
    CREATE FUNCTION rest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.6); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON saves.counts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.count_id = 'slow') EXECUTE FUNCTION rest()";

fn add(id: &str) -> CountCommand {
    CountCommand::Add { id: id.to_owned(), by: 1 }
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
    server.sql(SLOW);
    let saving = tokio::spawn({
        let node = node.clone();
        async move { node.send(add("slow")).await }
    });
    let committing = "SELECT count(*) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'";
    while server.sql(committing) != "1" {
        assert!(!saving.is_finished(), "it was not held up");
    }
    proxy.hold();
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
