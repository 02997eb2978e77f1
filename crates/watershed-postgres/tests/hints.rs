//! Another process's appends are seen at once, by a hint; and soon, without one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use watershed_core::ports::{EventLog, LogReader};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::things::{append_to, happened};

/// Far longer than the test takes: what is seen sooner is seen by a hint.
const POLL: Duration = Duration::from_secs(30);

async fn open(server: &Postgres, poll: Duration) -> PostgresLog {
    let mut options = Options::new(server.server());
    options.poll = poll;
    PostgresLog::open(options).await.unwrap()
}

async fn append(log: &PostgresLog, number: u64) {
    log.append(append_to("one", vec![happened(number, "{}")])).await.unwrap();
}

/// Whether the other sees it within that time.
async fn is_seen(from: &PostgresLog, by: &PostgresLog, number: u64, within: Duration) -> bool {
    append(from, number).await;
    tokio::time::timeout(within, by.wait_past(from.head() - 1)).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_appends_is_seen_by_a_hint_and_where_none_comes_by_looking() {
    let server = Postgres::start();
    let (one, two) = (open(&server, POLL).await, open(&server, POLL).await);
    // It takes a moment until each knows that there is another one.
    let (mut number, begun) = (0, Instant::now());
    for (from, by) in [(&one, &two), (&two, &one)] {
        while !is_seen(from, by, number, Duration::from_millis(300)).await {
            number += 1;
            assert!(begun.elapsed() < Duration::from_secs(20), "no hint has come");
        }
    }
    for number in 100..200 {
        let (from, by) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
        assert!(is_seen(from, by, number, Duration::from_secs(5)).await, "{number}");
    }

    // Nobody listens any more: what comes is found by looking.
    let short = open(&server, Duration::from_millis(50)).await;
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
    assert!(is_seen(&one, &short, 300, Duration::from_secs(5)).await);
}
