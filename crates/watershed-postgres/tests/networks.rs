//! Networks that carry nothing, forget connections, or take their time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use watershed_core::ports::{Append, AppendError, EventLog, LogReader, ReadFrom, Scope};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::proxy::Proxy;
use watershed_testkit::things::{self, append_to, happened};

/// How long a statement may take, and nobody waits for longer than three times that.
const STATEMENT: Duration = Duration::from_secs(1);

async fn node(proxy: &Proxy) -> PostgresLog {
    let mut options = Options::new(format!("{} connect_timeout=1", Postgres::server_at(proxy.port())));
    (options.statement, options.patience) = (STATEMENT, STATEMENT);
    PostgresLog::open(options).await.unwrap()
}

fn append(id: u8) -> Append {
    append_to("one", vec![happened(id.into(), "{}")])
}

fn from_the_first() -> ReadFrom {
    ReadFrom { scope: Scope::Log, after: 0, limit: 10 }
}

/// Appends until one is taken: none of those that were not may have been.
async fn taken_in_the_end(log: &PostgresLog, id: u8) {
    let begun = Instant::now();
    loop {
        match log.append(append(id)).await {
            Ok(_) => return,
            Err(AppendError::ReadOnly(_)) if begun.elapsed() < Duration::from_secs(30) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_carries_nothing_is_given_up_in_bounded_time() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = Arc::new(node(&proxy).await);
    log.append(append(1)).await.unwrap();
    proxy.hold();
    let begun = Instant::now();
    let appending = tokio::spawn({
        let log = log.clone();
        async move { log.append(append(2)).await }
    });
    log.read(from_the_first()).await.unwrap_err();
    // The statement, the patience, and one attempt to connect again.
    assert!(begun.elapsed() < 6 * STATEMENT, "{:?}", begun.elapsed());
    proxy.release();
    taken_in_the_end(&log, 3).await;
    // What was held has come to the server in the meantime: what is there is what somebody was told.
    let is_taken = appending.await.unwrap().is_ok();
    let events = log.read(from_the_first()).await.unwrap().events;
    let is_there = events.iter().any(|event| event.envelope.id == things::id(2));
    assert_eq!((events.len(), is_there), (2 + usize::from(is_taken), is_taken));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_are_reset_are_made_again() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = node(&proxy).await;
    for id in 1..20 {
        taken_in_the_end(&log, id).await;
        proxy.reset();
        log.read(from_the_first()).await.unwrap();
    }
    assert_eq!(log.head(), 19);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_network_is_no_lost_one() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = node(&proxy).await;
    proxy.delay(Duration::from_millis(100));
    let begun = Instant::now();
    log.append(append(1)).await.unwrap();
    // Two round trips, and the connection's setup: each 100 ms there and 100 ms back, if it is really slow.
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
    proxy.delay(Duration::ZERO);
    let begun = Instant::now();
    log.append(append(2)).await.unwrap();
    assert!(begun.elapsed() < Duration::from_millis(300), "{:?}", begun.elapsed());
}
