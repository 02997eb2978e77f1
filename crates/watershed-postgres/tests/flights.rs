//! Groups that are sent before the one ahead of them is answered: what becomes of them where the connection is lost, where another
//! node comes in between, and where something in the first is refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use watershed_core::Boundary;
use watershed_core::ports::{
    Append, AppendError, Appended, Condition, EventLog, Expected, Idempotency, Later, Line, LogReader,
    ReadFrom, Scope,
};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::proxy::Proxy;
use watershed_testkit::things::{append_to, happened};

/// More than it takes to be sent behind another group.
const MANY: u64 = 40;

async fn node(server: &str) -> PostgresLog {
    let mut options = Options::new(format!("{server} connect_timeout=1"));
    (options.statement, options.patience) = (Duration::from_secs(3), Duration::from_secs(10));
    PostgresLog::open(options).await.unwrap()
}

fn append(stream: &str, id: u64) -> Append {
    append_to(stream, vec![happened(id, &format!("{{\"id\":{id}}}"))])
}

/// Appends that have been called, in that order, and will be answered.
type Called<'a> = Vec<(u64, Later<'a, Result<Appended, AppendError>>)>;

fn call(log: &PostgresLog, ids: impl IntoIterator<Item = u64>) -> Called<'_> {
    ids.into_iter().map(|id| (id, log.append(append("one", id)))).collect()
}

/// Where each of them is.
async fn acked(called: Called<'_>) -> Vec<(u64, u64)> {
    let mut acked = Vec::new();
    for (id, answer) in called {
        acked.push((id, answer.await.unwrap().position));
    }
    acked
}

/// A group of one that is under way, and one of many behind it. Nothing of them has come to the server.
async fn two_under_way<'a>(log: &'a PostgresLog, proxy: &Proxy, from: u64) -> Called<'a> {
    proxy.hold();
    let mut all = call(log, [from]);
    tokio::time::sleep(Duration::from_millis(20)).await;
    all.extend(call(log, from + 1..=from + MANY));
    tokio::time::sleep(Duration::from_millis(20)).await;
    all
}

/// What two appends are told: the first under way by itself, the second behind it with many others, which are taken.
async fn told_one_behind_the_other(
    log: &PostgresLog,
    proxy: &Proxy,
    (first, second): (Append, Append),
) -> [Result<Appended, AppendError>; 2] {
    proxy.hold();
    let first = log.append(first);
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = log.append(second);
    let others = (10..10 + MANY).map(|id| log.append(append("two", id))).collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_millis(20)).await;
    proxy.release();
    let told = [first.await, second.await];
    for other in others {
        other.await.unwrap();
    }
    told
}

/// The ids of the events, in their order, by somebody who has nothing to do with the proxy.
async fn ids(server: &Postgres) -> Vec<u64> {
    let log = node(&server.server()).await;
    log.verify(&mut |_, _| {}).await.unwrap();
    let read = log.read(ReadFrom { scope: Scope::Log, after: 0, limit: 100_000 }).await.unwrap();
    let id = |payload: &[u8]| {
        let text = std::str::from_utf8(payload).unwrap();
        text.trim_start_matches("{\"id\":").trim_end_matches('}').parse().unwrap()
    };
    read.events.iter().map(|event| id(&event.payload)).collect()
}

/// Each of them is where it was acknowledged to be, and in the order of the calls; nothing is there twice.
async fn assert_all_there(server: &Postgres, acked: &[(u64, u64)]) {
    let ids = ids(server).await;
    for (id, position) in acked {
        assert_eq!(ids[usize::try_from(*position).unwrap() - 1], *id, "at {position}");
    }
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "something was recorded twice");
    assert!(acked.windows(2).all(|two| two[0].1 < two[1].1), "not in the order of the calls: {acked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_under_way_when_the_connection_is_lost_are_there_once_and_in_their_order() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = node(&Postgres::server_at(proxy.port())).await;
    let mut all = Vec::new();
    for round in 0..24 {
        let from = 1 + round * 1_000;
        // So that there is a connection, and an end that is known.
        all.extend(acked(call(&log, [from])).await);
        let mut called = two_under_way(&log, &proxy, from + 1).await;
        // Between nothing of them and all of them has come to the server, and no answer or some.
        proxy.release();
        tokio::time::sleep(Duration::from_micros(250 * (round % 12))).await;
        proxy.cut();
        called.extend(call(&log, from + 100..from + 110));
        all.extend(acked(called).await);
    }
    assert_all_there(&server, &all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_that_another_node_overtakes_are_committed_behind_it() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let (one, two) = (node(&Postgres::server_at(proxy.port())).await, node(&server.server()).await);
    let mut all = Vec::new();
    for round in 0..6 {
        let from = 1 + round * 1_000;
        // Often enough to take itself to be alone.
        for id in from..from + 70 {
            all.extend(acked(call(&one, [id])).await);
        }
        let called = two_under_way(&one, &proxy, from + 100).await;
        all.extend(acked(call(&two, [from + 99])).await);
        proxy.release();
        all.extend(acked(called).await);
    }
    assert_all_there(&server, &all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_overtake_each_other_again_and_again_lose_and_double_nothing() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let logs =
        [Arc::new(node(&Postgres::server_at(proxy.port())).await), Arc::new(node(&server.server()).await)];
    let mut callers = Vec::new();
    for caller in 0..160_u64 {
        let log = logs[usize::try_from(caller % 2).unwrap()].clone();
        callers.push(tokio::spawn(async move {
            for turn in 0..20 {
                // The second node comes and goes.
                if caller % 2 == 1 {
                    tokio::time::sleep(Duration::from_millis(7 + caller % 5)).await;
                }
                let id = caller * 100 + turn;
                let answered = log.append(append(&format!("s{}", id % 7), id)).await.unwrap();
                assert!(answered.position > 0);
            }
        }));
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let ids = ids(&server).await;
    let once: BTreeSet<u64> = ids.iter().copied().collect();
    assert_eq!((ids.len(), once.len()), (3_200, 3_200));
}

/// What was decided upon an append that the group ahead refuses is refused, though its stream is where it expects it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_decided_upon_something_refused_in_the_group_ahead_is_refused() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = node(&Postgres::server_at(proxy.port())).await;
    log.append(append("one", 1)).await.unwrap();
    let line = Line::default();
    let of_line = |id, version| Append {
        expected: Expected::Version(version),
        line: Some(line.clone()),
        ..append("one", id)
    };
    for told in told_one_behind_the_other(&log, &proxy, (of_line(2, 7), of_line(3, 1))).await {
        assert!(matches!(told, Err(AppendError::Conflict { .. })), "{told:?}");
    }
    assert_eq!(ids(&server).await.len() as u64, 1 + MANY);
}

/// A key that is used in both of two groups under way is used once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_in_both_groups_under_way_takes_effect_once() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let log = node(&Postgres::server_at(proxy.port())).await;
    log.append(append("one", 1)).await.unwrap();
    let with_key = |id| {
        let idempotency = Some(Idempotency { key: "the key".into(), fingerprint: [7; 16] });
        Append { idempotency, ..append("one", id) }
    };
    let [first, told] = told_one_behind_the_other(&log, &proxy, (with_key(2), with_key(3))).await;
    assert_eq!(first.unwrap().position, 2);
    assert!(matches!(told, Err(AppendError::KeyTaken { position: 2 })), "{told:?}");
    assert_eq!(ids(&server).await.len() as u64, 2 + MANY);
}

/// Whether its key has been used comes before everything else that an append may be refused for: by oneself, and beside another node.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_has_been_used_is_told_of_also_where_the_version_is_wrong() {
    let server = Postgres::start();
    let [log, other] = [node(&server.server()).await, node(&server.server()).await];
    let keyed = |key: &str, id, version| Append {
        expected: Expected::Version(version),
        idempotency: Some(Idempotency { key: key.into(), fingerprint: [7; 16] }),
        ..append("one", id)
    };
    log.append(keyed("used", 1, 0)).await.unwrap();
    for round in 1..=6 {
        if round > 3 {
            other.append(append("three", 10 * round + 2)).await.unwrap();
        }
        // In a group with others that are taken.
        let first = log.append(append("two", 10 * round));
        let (again, wrong) = (log.append(keyed("used", 2, 0)), log.append(keyed("unused", 3, 0)));
        let last = log.append(append("two", 10 * round + 1));
        let (again, wrong) = (again.await, wrong.await);
        assert!(matches!(again, Err(AppendError::KeyTaken { position: 1 })), "{again:?}");
        assert!(matches!(wrong, Err(AppendError::Conflict { expected: 0, actual: 1 })), "{wrong:?}");
        first.await.unwrap();
        last.await.unwrap();
    }
}

/// What is remembered of streams is forgotten where the log's last event is another one than this process has seen there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_known_of_streams_is_not_relied_upon_where_the_log_ends_otherwise() {
    let server = Postgres::start();
    let mut options = Options::new(server.server());
    // It is not to look at the log's end by itself.
    options.poll = Duration::from_secs(3600);
    let log = PostgresLog::open(options).await.unwrap();
    let other = node(&server.server()).await;
    for id in [1, 3] {
        other.append(append("two", id)).await.unwrap();
        log.append(append("one", id + 1)).await.unwrap();
    }
    // Of "one", the second event was lost, and one of "three" has taken its place.
    server.sql(
        "SET search_path TO watershed;
         UPDATE events SET stream = 'three', stream_key = gen_random_uuid(), version = 1, link = sha256('x') WHERE position = 4;
         UPDATE log_head SET link = sha256('x')",
    );
    let told = log.append(Append { expected: Expected::Version(1), ..append("one", 5) }).await;
    assert_eq!(told.unwrap().version, 2);
}

/// Of events without tags a process remembers no more than their streams' versions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_condition_without_tags_is_held_against_what_another_node_has_appended() {
    let server = Postgres::start();
    let [log, other] = [node(&server.server()).await, node(&server.server()).await];
    for id in [1, 3] {
        other.append(append("two", id)).await.unwrap();
        log.append(append("one", id + 1)).await.unwrap();
    }
    let held = |id, after| Append {
        conditions: vec![Condition {
            boundary: Boundary { tags: Vec::new(), names: vec!["happened"] },
            after,
        }],
        ..append("three", id)
    };
    assert_eq!(log.append(held(5, 4)).await.unwrap().position, 5);
    other.append(append("two", 6)).await.unwrap();
    let told = log.append(held(7, 5)).await;
    assert!(matches!(told, Err(AppendError::BoundaryMoved { position: 6 })), "{told:?}");
}
