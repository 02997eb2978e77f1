//! Several processes' worth of handles on one log, and servers and connections that are lost.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;
use watershed_core::ports::{
    Append, AppendError, Appended, EventLog, Expected, Idempotency, LogIndex, LogReader, ReadFrom, Scope,
};
use watershed_core::{Position, Tag, Tenant};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::proxy::Proxy;
use watershed_testkit::things::{append_to, happened};

async fn node(server: &str) -> Arc<PostgresLog> {
    Arc::new(PostgresLog::open(Options::new(server)).await.unwrap())
}

fn append(stream: &str, id: u64) -> Append {
    append_to(stream, vec![happened(id, &format!("{{\"id\":{id}}}"))])
}

/// Reads on behind a position, as a projector does.
async fn read_on(log: &PostgresLog, after: Position) -> Vec<(Position, Box<[u8]>)> {
    let read = log.read(ReadFrom { scope: Scope::Log, after, limit: 500 }).await.unwrap();
    read.events.iter().map(|event| (event.position, event.payload.clone())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_miss_nothing_of_what_several_nodes_append() {
    const NODES: u64 = 3;
    const WRITERS: u64 = 8;
    let each: u64 = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 41_667 } else { 200 };
    let server = Postgres::start();
    let reader = node(&server.server()).await;
    let mut writers = Vec::new();
    for number in 0..NODES {
        let log = node(&server.server()).await;
        for writer in 0..WRITERS {
            let log = log.clone();
            writers.push(tokio::spawn(async move {
                let mut acked = Vec::new();
                for turn in 0..each {
                    let id = (number * WRITERS + writer) * each + turn;
                    let appended = log.append(append(&format!("s{}", id % 50), id)).await.unwrap();
                    acked.push((
                        appended.position,
                        format!("{{\"id\":{id}}}").into_bytes().into_boxed_slice(),
                    ));
                }
                acked
            }));
        }
    }
    let total = NODES * WRITERS * each;
    let (mut after, mut seen) = (0, Vec::new());
    while after < total {
        reader.wait_past(after).await;
        for (position, payload) in read_on(&reader, after).await {
            assert_eq!(position, after + 1, "in the order of the positions, without holes");
            after = position;
            seen.push((position, payload));
        }
    }
    let mut acked = Vec::new();
    for writer in writers {
        acked.extend(writer.await.unwrap());
    }
    acked.sort_unstable();
    assert_eq!(seen, acked, "what was acknowledged is what was seen, once each");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_one_takes_what_only_one_may() {
    let server = Postgres::start();
    let nodes = [node(&server.server()).await, node(&server.server()).await];
    for round in 0..100_u64 {
        let racing = nodes.iter().zip(0..).map(|(log, place)| {
            let tagged = |mut append: Append| {
                append.events[0].tags = vec![Tag { once: true, ..Tag::new("sku", round) }];
                append
            };
            let expecting = |mut append: Append| {
                append.expected = Expected::Version(0);
                append
            };
            let keyed = |mut append: Append| {
                append.idempotency =
                    Some(Idempotency { key: format!("k{round}").into(), fingerprint: [7; 16] });
                append
            };
            let id = round * 10 + place;
            let log = log.clone();
            async move {
                tokio::join!(
                    log.append(tagged(append(&format!("tagged {id}"), id))),
                    log.append(expecting(append(&format!("expected {round}"), id + 1_000_000))),
                    log.append(keyed(append(&format!("keyed {id}"), id + 2_000_000))),
                )
            }
        });
        let [left, right] = <[_; 2]>::try_from(futures_util::future::join_all(racing).await).unwrap();
        let lost = |left: Result<Appended, _>, right: Result<Appended, _>| match (left, right) {
            (Ok(_), Err(lost)) | (Err(lost), Ok(_)) => lost,
            both => panic!("one must be taken: {both:?}"),
        };
        assert!(matches!(lost(left.0, right.0), AppendError::TagTaken { .. }));
        assert_eq!(lost(left.1, right.1), AppendError::Conflict { expected: 0, actual: 1 });
        assert!(matches!(lost(left.2, right.2), AppendError::KeyTaken { .. }));
    }
    assert_eq!(nodes[0].head(), 300);
}

/// What writers are told, and tell.
#[derive(Default)]
struct Writing {
    stop: AtomicBool,
    acked: AtomicUsize,
}

/// Appends with a key each until told to stop; gives what was acknowledged. Whoever is told that it failed tries again.
async fn append_and_try_again(
    log: Arc<PostgresLog>,
    writer: u64,
    writing: Arc<Writing>,
) -> Vec<(String, Position)> {
    let mut acked = Vec::new();
    for turn in 0_u64.. {
        if writing.stop.load(Ordering::Relaxed) {
            break;
        }
        let key = format!("{writer} {turn}");
        loop {
            let mut next = append(&format!("s{writer}"), writer << 32 | turn);
            next.idempotency = Some(Idempotency { key: key.clone().into(), fingerprint: [1; 16] });
            match log.append(next).await {
                Ok(appended) => {
                    writing.acked.fetch_add(1, Ordering::Relaxed);
                    break acked.push((key, appended.position));
                }
                Err(AppendError::KeyTaken { position }) => {
                    panic!("`{key}` was refused, and taken at {position}")
                }
                Err(AppendError::ReadOnly(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
                Err(other) => panic!("{other}"),
            }
        }
    }
    acked
}

/// What was acknowledged is there, where it was said to be, and nothing is there twice.
async fn assert_exact(log: &PostgresLog, acked: Vec<(String, Position)>) {
    let tenant = Tenant::default();
    let mut keys = HashSet::new();
    for (key, position) in &acked {
        let found = log.find_key(&tenant, key).await.unwrap().unwrap();
        assert_eq!(found.position, *position, "`{key}`");
        assert!(keys.insert(key.clone()));
    }
    let (mut after, mut seen) = (0, HashMap::<Box<[u8]>, u32>::new());
    loop {
        let events = read_on(log, after).await;
        let Some((last, _)) = events.last() else { break };
        after = *last;
        for (_, payload) in events {
            *seen.entry(payload).or_default() += 1;
        }
    }
    assert!(seen.values().all(|times| *times == 1), "something was recorded twice");
    assert_eq!(seen.len(), acked.len(), "what is there was acknowledged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_resolved_and_not_guessed() {
    let cuts = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 10_000 } else { 60 };
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = node(&Postgres::server_at(proxy.port())).await;
    let writing = Arc::new(Writing::default());
    let writers: Vec<_> = (0..8)
        .map(|writer| tokio::spawn(append_and_try_again(log.clone(), writer, writing.clone())))
        .collect();
    for cut in 0..cuts {
        // Soon after the connection carries something again: in the midst of the next groups.
        let before = writing.acked.load(Ordering::Relaxed);
        while writing.acked.load(Ordering::Relaxed) == before && !writers.iter().any(JoinHandle::is_finished)
        {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_micros(cut * 7_919 % 10_000)).await;
        proxy.cut();
    }
    writing.stop.store(true, Ordering::Relaxed);
    let mut acked = Vec::new();
    for writer in writers {
        acked.extend(writer.await.unwrap());
    }
    let log = node(&server.server()).await;
    assert_exact(&log, acked).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_the_server() {
    let kills = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 200 } else { 3 };
    let mut server = Postgres::start();
    let log = node(&server.server()).await;
    let writing = Arc::new(Writing::default());
    let writers: Vec<_> = (0..8)
        .map(|writer| tokio::spawn(append_and_try_again(log.clone(), writer, writing.clone())))
        .collect();
    for kill in 0..kills {
        tokio::time::sleep(Duration::from_millis(300 + kill * 37 % 200)).await;
        server = tokio::task::spawn_blocking(move || {
            server.kill();
            server.up();
            server
        })
        .await
        .unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    writing.stop.store(true, Ordering::Relaxed);
    let mut acked = Vec::new();
    for writer in writers {
        acked.extend(writer.await.unwrap());
    }
    assert!(acked.len() > 100, "only {} were taken", acked.len());
    let log = node(&server.server()).await;
    assert_exact(&log, acked).await;
}
