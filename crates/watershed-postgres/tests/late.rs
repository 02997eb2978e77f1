//! What is still on its way to the server when the log is asked whether it is there; and a log without its head.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use watershed_core::ports::{Append, AppendError, Condition, EventLog, LogReader, ReadFrom, Scope};
use watershed_core::{Boundary, EventId};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::{Postgres, client};
use watershed_testkit::proxy::Proxy;
use watershed_testkit::things::{self, append_to, happened};

const STATEMENT: Duration = Duration::from_secs(1);

async fn node(server: &str, patience: Duration) -> Arc<PostgresLog> {
    let mut options = Options::new(format!("{server} connect_timeout=1"));
    (options.statement, options.patience) = (STATEMENT, patience);
    Arc::new(PostgresLog::open(options).await.unwrap())
}

fn append(ids: impl IntoIterator<Item = u8>) -> Append {
    append_to("one", ids.into_iter().map(|id| happened(id.into(), "{}")).collect())
}

/// The events that are there, by somebody who has nothing to do with the proxy: as many as there are ids, or one is there twice.
async fn ids(server: &Postgres) -> BTreeSet<EventId> {
    let log = node(&server.server(), STATEMENT).await;
    let read = log.read(ReadFrom { scope: Scope::Log, after: 0, limit: 1_000 }).await.unwrap();
    let ids: BTreeSet<EventId> = read.events.iter().map(|event| event.envelope.id).collect();
    assert_eq!(ids.len(), read.events.len(), "something was recorded twice");
    ids
}

fn known(ids: impl IntoIterator<Item = u8>) -> BTreeSet<EventId> {
    ids.into_iter().map(|id| things::id(id.into())).collect()
}

/// Asks the server until it answers with that.
async fn until(server: &Postgres, sql: &str, answer: &str) {
    let begun = Instant::now();
    while server.sql(sql) != answer {
        assert!(begun.elapsed() < Duration::from_secs(20), "{sql}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Who has sent the events that came last.
fn writer(server: &Postgres) -> String {
    let found = server.sql(
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%append_events%' AND pid <> pg_backend_pid()",
    );
    assert!(found.parse::<i32>().is_ok(), "one connection has written: {found:?}");
    found
}

/// Whoever is told that an append was not taken may rely on it, though the network still had it then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_on_its_way_when_the_log_was_asked_does_not_come_after_the_answer() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = node(&Postgres::server_at(proxy.port()), Duration::ZERO).await;
    for id in 1..=2 {
        log.append(append([id])).await.unwrap();
    }
    let writer = writer(&server);
    proxy.stall();
    let told = log.append(append([3])).await;
    assert!(matches!(told, Err(AppendError::ReadOnly(_))), "{told:?}");
    assert_eq!(ids(&server).await, known(1..=2));
    proxy.release();
    until(&server, &format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {writer}"), "0").await;
    assert_eq!(ids(&server).await, known(1..=2), "what was told not to be there has come");
    log.append(append([3])).await.unwrap();
    assert_eq!(ids(&server).await, known(1..=3));
}

/// The same between the two round trips of a commit, where the lost connection holds the head's lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_a_lost_connection_holds_does_not_stop_the_log_for_long() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    node(&server.server(), STATEMENT).await.append(append([1])).await.unwrap();
    let log = node(&Postgres::server_at(proxy.port()), 2 * STATEMENT).await;
    log.append(append([2])).await.unwrap();
    let mut client = client(&server.server()).await;
    let holding = client.transaction().await.unwrap();
    holding.execute("SELECT FROM watershed.log_head FOR UPDATE", &[]).await.unwrap();
    // Under a condition that reaches further back than is remembered: so it does not go without the lock.
    let mut behind = append(3..=40);
    behind.conditions.push(Condition { boundary: Boundary::tag("color", "red"), after: 0 });
    let appending = tokio::spawn({
        let log = log.clone();
        async move { log.append(behind).await }
    });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    until(&server, waits, "1").await;
    proxy.stall();
    holding.rollback().await.unwrap();
    let begun = Instant::now();
    appending.await.unwrap().unwrap();
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    proxy.release();
    log.append(append([41])).await.unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(ids(&server).await, known(1..=41));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_its_head_takes_nothing_and_says_what_to_do() {
    let server = Postgres::start();
    let log = node(&server.server(), STATEMENT).await;
    log.append(append([1])).await.unwrap();
    server.sql("CREATE TABLE kept AS SELECT * FROM watershed.log_head; DELETE FROM watershed.log_head");
    for ids in [2..=2, 2..=40] {
        let told = log.append(append(ids)).await.unwrap_err().to_string();
        assert!(told.contains("log_head") && told.contains("Restore"), "{told}");
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(log.problem().is_some_and(|problem| problem.contains("log_head")), "{:?}", log.problem());
    let told = PostgresLog::open(Options::new(server.server())).await.unwrap_err().to_string();
    assert!(told.contains("log_head"), "{told}");
    server.sql("INSERT INTO watershed.log_head SELECT * FROM kept");
    log.append(append([2])).await.unwrap();
    assert_eq!(ids(&server).await, known(1..=2));
    // It is found out by looking, which is done less often where hints come.
    for _ in 0..50 {
        if log.problem().is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(log.problem(), None);
}
