//! What a process remembers of tags is never short of what others have appended.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use watershed_core::ports::{Append, AppendError, Condition, EventLog, LogReader, NewEvent, ReadFrom, Scope};
use watershed_core::{Boundary, Position, Tag, Tenant};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::things::{append_to, happened};

async fn node(server: &Postgres) -> Arc<PostgresLog> {
    Arc::new(PostgresLog::open(Options::new(server.server())).await.unwrap())
}

fn append(id: u64, name: &'static str, tags: &[(&str, u64)]) -> Append {
    let tags = tags.iter().map(|(name, value)| Tag::new(name, value)).collect();
    append_to(id.to_string(), vec![NewEvent { name, tags, ..happened(id, "{}") }])
}

/// The positions of what is within the boundary, and up to where that is so.
async fn within(log: &PostgresLog, boundary: &Boundary) -> (Vec<Position>, Position) {
    let (mut positions, mut after) = (Vec::new(), 0);
    loop {
        let scope = Scope::Boundary { tenant: Tenant::default(), boundary: boundary.clone() };
        let page = log.read(ReadFrom { scope, after, limit: 40 }).await.unwrap();
        positions.extend(page.events.iter().map(|event| event.position));
        if page.complete {
            return (positions, page.head);
        }
        after = positions.last().copied().unwrap();
    }
}

/// Numbers that look as if by chance, from a seed.
fn mixed(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// Three nodes append and decide at once. Whatever a node read is what stands in the log up to where it said so, and what was
/// appended under a condition had nothing in between.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_reads_is_all_there_is_up_to_where_it_says() {
    const TASKS: u64 = 4;
    let turns = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 4_000 } else { 250 };
    let server = Postgres::start();
    let ids = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for place in 0..3 {
        let log = node(&server).await;
        for task in 0..TASKS {
            let (log, ids) = (log.clone(), ids.clone());
            tasks.push(tokio::spawn(async move {
                let mut below = mixed(place * TASKS + task + 1);
                let (mut read, mut taken, mut moved) = (Vec::new(), Vec::new(), 0_u32);
                for _ in 0..turns {
                    // Some tags are hot, some are new now and then, and seldom seen again.
                    let (hot, rare) = (("hot", below(5)), ("rare", below(300)));
                    let mut boundary = Boundary::tag(hot.0, hot.1);
                    if below(3) > 0 {
                        boundary = boundary.and(rare.0, rare.1);
                    }
                    if below(4) == 0 {
                        boundary = boundary.named(["came"]);
                    }
                    let (positions, head) = within(&log, &boundary).await;
                    read.push((boundary.clone(), positions, head));
                    let name = if below(2) == 0 { "came" } else { "went" };
                    let mut next = append(ids.fetch_add(1, Ordering::Relaxed), name, &[hot, rare]);
                    let is_held = below(2) == 0;
                    if is_held {
                        next.conditions.push(Condition { boundary: boundary.clone(), after: head });
                    }
                    match log.append(next).await {
                        Ok(appended) if is_held => taken.push((boundary, head, appended.position)),
                        Ok(_) => {}
                        Err(AppendError::BoundaryMoved { position }) if is_held && position > head => {
                            moved += 1;
                        }
                        Err(other) => panic!("{other}"),
                    }
                }
                (read, taken, moved)
            }));
        }
    }
    let (mut read, mut taken, mut moved) = (Vec::new(), Vec::new(), 0);
    for task in tasks {
        let (of_task, taken_by_task, moved_for_task) = task.await.unwrap();
        read.extend(of_task);
        taken.extend(taken_by_task);
        moved += moved_for_task;
    }
    let log = node(&server).await;
    let all = log.read(ReadFrom { scope: Scope::Log, after: 0, limit: 1_000_000 }).await.unwrap().events;
    assert_eq!(all.len() as u64, log.head());
    let matching = |boundary: &Boundary, after: Position, until: Position| -> Vec<Position> {
        let matches = |event: &&Arc<watershed_core::StoredEvent>| {
            let bears = |tag: &Tag| event.tags.iter().any(|other| **other == *tag.to_string());
            (boundary.names.is_empty() || boundary.names.contains(&&*event.name))
                && boundary.tags.iter().all(bears)
        };
        let some = &all[usize::try_from(after).unwrap()..usize::try_from(until).unwrap()];
        some.iter().filter(matches).map(|event| event.position).collect()
    };
    for (boundary, positions, head) in &read {
        assert_eq!(*positions, matching(boundary, 0, *head), "{boundary:?} up to {head}");
    }
    for (boundary, after, position) in &taken {
        assert_eq!(
            matching(boundary, *after, position - 1),
            Vec::<Position>::new(),
            "{boundary:?} between {after} and {position}"
        );
    }
    assert!(moved > 0, "nobody got in the way of anybody");
    assert!(!taken.is_empty(), "nobody got through");
}

/// A thousand things there may be one of, and two nodes that want each at the same time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_nodes_that_find_nothing_at_once_one_appends() {
    let server = Postgres::start();
    let nodes = [node(&server).await, node(&server).await];
    let rounds = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 5_000 } else { 300 };
    for round in 0..rounds {
        let boundary = Boundary::tag("shop", round % 3).and("sku", round);
        let racing = nodes.iter().zip(0..).map(|(log, place)| {
            let (log, boundary) = (log.clone(), boundary.clone());
            async move {
                let (found, after) = within(&log, &boundary).await;
                if !found.is_empty() {
                    return false;
                }
                let mut taking = append(round * 2 + place, "taken", &[("shop", round % 3), ("sku", round)]);
                taking.conditions.push(Condition { boundary, after });
                match log.append(taking).await {
                    Ok(_) => true,
                    Err(AppendError::BoundaryMoved { .. }) => false,
                    Err(other) => panic!("{other}"),
                }
            }
        });
        let took = futures_util::future::join_all(racing).await;
        assert_eq!(took.iter().filter(|took| **took).count(), 1, "round {round}: {took:?}");
    }
    assert_eq!(server.sql("SELECT count(*) FROM watershed.events"), rounds.to_string());
}

/// A tag that thousands of events bear is not remembered, and one beside it that few bear is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tag_that_very_many_bear_is_read_as_well() {
    let server = Postgres::start();
    let log = node(&server).await;
    let many: Vec<_> =
        (0..5_000).map(|id| log.append(append(id, "came", &[("all", 1), ("some", id % 100)]))).collect();
    for answer in futures_util::future::join_all(many).await {
        answer.unwrap();
    }
    for log in [log, node(&server).await] {
        for _ in 0..2 {
            assert_eq!(within(&log, &Boundary::tag("all", 1)).await.0.len(), 5_000);
            assert_eq!(within(&log, &Boundary::tag("all", 1).and("some", 7)).await.0.len(), 50);
            assert!(within(&log, &Boundary::tag("all", 1).and("some", 100)).await.0.is_empty());
        }
    }
}
