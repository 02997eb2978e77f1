//! Pages of the past are read from standbys, and nothing that they do not have yet.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use watershed_core::Position;
use watershed_core::ports::{EventLog, LogReader, ReadFrom, Scope};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::things::{append_to, happened};

const PAGE: usize = 50;

async fn open(server: &Postgres, standby: &Postgres) -> PostgresLog {
    let mut options = Options::new(server.server());
    options.replicas = vec![standby.server()];
    PostgresLog::open(options).await.unwrap()
}

/// Appends so many events, whose payloads say whose they are.
async fn append(log: &PostgresLog, whose: &str, events: u64) {
    for number in 0..events {
        let event = happened(log.head() * 1_000 + number, &format!("{{\"whose\":\"{whose}\"}}"));
        log.append(append_to("one", vec![event])).await.unwrap();
    }
}

/// The page behind a position, as positions and payloads.
async fn page(log: &PostgresLog, after: Position) -> Result<Vec<(Position, String)>, String> {
    let read = log.read(ReadFrom { scope: Scope::Log, after, limit: PAGE }).await;
    let events = read.map_err(|error| error.to_string())?.events;
    Ok(events
        .iter()
        .map(|event| (event.position, String::from_utf8_lossy(&event.payload).into_owned()))
        .collect())
}

async fn caught_up(standby: &Postgres, log: &PostgresLog) {
    let begun = Instant::now();
    while standby.sql("SELECT position FROM watershed.log_head") != log.head().to_string() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the standby does not follow");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn whole(page: &[(Position, String)], after: Position, whose: &str) -> bool {
    page.len() == PAGE
        && page
            .iter()
            .zip(after + 1..)
            .all(|((at, payload), wanted)| *at == wanted && payload.contains(whose))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_past_is_read_from_a_standby_as_far_as_it_has_come() {
    let mut server = Postgres::start();
    let writer = PostgresLog::open(Options::new(server.server())).await.unwrap();
    append(&writer, "ours", 120).await;
    let mut standby = server.standby();
    caught_up(&standby, &writer).await;
    let log = open(&server, &standby).await;
    assert!(whole(&page(&log, 0).await.unwrap(), 0, "ours"));
    // Behind: what it does not have is asked of the primary, also where it has the beginning of a page.
    standby.sql("SELECT pg_wal_replay_pause()");
    append(&writer, "ours", 120).await;
    assert_eq!(log.wait_past(239).await, 240);
    for after in [0, 70, 100, 120, 190] {
        assert!(whole(&page(&log, after).await.unwrap(), after, "ours"), "after {after}");
    }
    // Without the primary there is what the standby has, and nothing else.
    server.kill();
    assert!(whole(&page(&log, 70).await.unwrap(), 70, "ours"));
    page(&log, 100).await.unwrap_err();
    server.up();
    standby.kill();
    assert!(whole(&page(&log, 0).await.unwrap(), 0, "ours"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_of_another_log_is_not_asked() {
    let (server, stranger) = (Postgres::start(), Postgres::start());
    let theirs = PostgresLog::open(Options::new(stranger.server())).await.unwrap();
    append(&theirs, "theirs", 80).await;
    let standby = stranger.standby();
    caught_up(&standby, &theirs).await;
    for other in [&standby, &stranger] {
        let log = open(&server, other).await;
        append(&log, "ours", 80).await;
        assert!(whole(&page(&log, 0).await.unwrap(), 0, "ours"));
    }
}
