//! Leases, and the epochs that fence off whoever has lost one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;
use std::time::Duration;

use watershed_core::ports::{
    Checkpoint, GroupSpec, JournalEnd, JournalMark, LeaseTerms, NodesSeen, RowChange, RowEditions, RowError,
    RowGroup, RowKey, RowStore, RowsBatch, Seats, StoredRow,
};
use watershed_core::{ColumnKind, ColumnSpec, Key, TableSpec, Tenant, Timestamp, Value};
use watershed_postgres::{Options, PostgresRows};
use watershed_testkit::postgres::Postgres;

const TERM: Duration = Duration::from_millis(300);
const TAKE: LeaseTerms = LeaseTerms { term: TERM, asks: None };

async fn rows(server: &Postgres) -> PostgresRows {
    PostgresRows::open(Options::new(server.server())).await.unwrap()
}

fn spec() -> GroupSpec {
    let column = |name: &'static str, kind, key| ColumnSpec {
        name: name.into(),
        kind,
        optional: false,
        key,
        indexed: false,
        searched: false,
        internal: false,
    };
    let columns = vec![column("id", ColumnKind::Text, true), column("count", ColumnKind::Int, false)];
    GroupSpec {
        name: "counts".into(),
        edition: 1,
        version: "1".into(),
        tables: vec![TableSpec {
            name: "counts".into(),
            columns: columns.into(),
            indexes: Vec::new().into(),
        }],
        journal: vec![0],
    }
}

fn row(count: i64, position: u64) -> StoredRow {
    StoredRow {
        key: RowKey { tenant: Tenant::default(), key: Key::from("a") },
        values: vec![Value::Text("a".into()), Value::Int(count)],
        position,
        revision: 1,
        shown: true,
    }
}

fn checkpoint(position: u64) -> Checkpoint {
    Checkpoint { position, status: "running".to_owned(), ..Checkpoint::default() }
}

fn batch(count: i64, position: u64) -> RowsBatch {
    RowsBatch {
        changes: vec![(0, vec![RowChange::Put(row(count, position))])],
        checkpoint: checkpoint(position),
        ..RowsBatch::default()
    }
}

async fn count(group: &Arc<dyn RowGroup>) -> Value {
    group.rows(0, &[row(0, 0).key]).await.unwrap().pop().unwrap().values.pop().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_seat_is_had_by_one_node_at_a_time_and_each_time_under_a_later_epoch() {
    let server = Postgres::start();
    let store = rows(&server).await;
    let leases = store.leases().unwrap();
    leases.renew("one", TERM).await.unwrap();
    leases.renew("two", TERM).await.unwrap();
    assert_eq!(leases.take("a", "one", TAKE).await.unwrap(), Some(1));
    assert_eq!(leases.take("a", "two", TAKE).await.unwrap(), None, "one has it");
    assert_eq!(leases.take("b", "two", TAKE).await.unwrap(), Some(1), "another seat");
    tokio::time::sleep(TERM / 2).await;
    leases.renew("one", TERM).await.unwrap();
    tokio::time::sleep(TERM * 2 / 3).await;
    assert_eq!(leases.take("a", "two", TAKE).await.unwrap(), None, "it was renewed");
    assert_eq!(leases.take("b", "one", TAKE).await.unwrap(), Some(2), "it was not");
    leases.renew("two", TERM).await.unwrap();
    let nodes = store.nodes().await.unwrap();
    let names: Vec<_> = nodes.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!(names, ["one", "two"]);
    let of_b = nodes.leases.iter().find(|lease| lease.seat == "b").unwrap();
    assert_eq!((of_b.node.as_str(), of_b.epoch), ("one", 2), "renewed is what one has, not what one had");

    leases.give_up("one", Seats::One("a")).await.unwrap();
    leases.renew("one", TERM).await.unwrap();
    assert_eq!(leases.take("a", "two", TAKE).await.unwrap(), Some(2), "what is given up is free at once");
    leases.give_up("one", Seats::All).await.unwrap();
    assert_eq!(leases.take("b", "two", TAKE).await.unwrap(), Some(3));
    let nodes = store.nodes().await.unwrap();
    assert!(nodes.nodes.iter().all(|node| node.name == "two"), "{nodes:?}");

    // What one has asked for, nobody else takes, however often it is free.
    assert_eq!(leases.take("d", "one", TAKE).await.unwrap(), Some(1));
    let asking = LeaseTerms { asks: Some(Duration::from_secs(60)), ..TAKE };
    assert_eq!(leases.take("d", "two", asking).await.unwrap(), None, "one has it still");
    let nodes = store.nodes().await.unwrap();
    let of_d = nodes.leases.iter().find(|lease| lease.seat == "d").unwrap();
    assert_eq!((of_d.node.as_str(), of_d.wanted.as_deref()), ("one", Some("two")));
    leases.give_up("one", Seats::One("d")).await.unwrap();
    assert_eq!(leases.take("d", "one", TAKE).await.unwrap(), None, "two has asked for it");
    assert_eq!(leases.take("d", "two", TAKE).await.unwrap(), Some(2));
    // Until that one has had it, and has lost it.
    assert_eq!(leases.take("d", "one", TAKE).await.unwrap(), None, "two has it");
    tokio::time::sleep(TERM * 3 / 2).await;
    assert_eq!(leases.take("d", "one", TAKE).await.unwrap(), Some(3), "two is gone");

    // Of many at once, one.
    let mut racers = Vec::new();
    let store = Arc::new(store);
    for racer in 0..16 {
        let store = store.clone();
        racers.push(tokio::spawn(async move {
            store.leases().unwrap().take("c", &format!("racer-{racer}"), TAKE).await.unwrap()
        }));
    }
    let mut taken = 0;
    for racer in racers {
        taken += usize::from(racer.await.unwrap().is_some());
    }
    assert_eq!(taken, 1);
}

/// Two processes that both believe to keep a group: nothing of the earlier one's is written, whatever it does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_overtaken_writes_nothing_more() {
    let server = Postgres::start();
    let (one, two) = (rows(&server).await, rows(&server).await);
    let (one, two) = (one.open(spec()).await.unwrap(), two.open(spec()).await.unwrap());
    one.fence(1).await.unwrap();
    one.write(&batch(1, 1)).await.unwrap();
    let mut late = one.loader().await.unwrap();
    late.add(0, vec![row(99, 1)]).await.unwrap();

    two.fence(2).await.unwrap();
    assert_eq!(one.write(&batch(98, 2)).await, Err(RowError::Fenced));
    assert_eq!(late.finish(Vec::new(), checkpoint(2)).await, Err(RowError::Fenced));
    assert_eq!(one.forget_changes(Timestamp::from_micros(i64::MAX), 0).await, Err(RowError::Fenced));
    let end = JournalEnd { mark: JournalMark { slice: 0, number: 7, link: 7 }, generation: 7 };
    assert_eq!(one.take_over(end, Timestamp::from_micros(1)).await, Err(RowError::Fenced));
    assert_eq!(one.fence(1).await, Err(RowError::Fenced), "an earlier lease is not had again");
    assert_eq!(count(&two).await, Value::Int(1));
    assert_eq!(two.checkpoint().await.unwrap().position, 1);

    two.write(&batch(2, 2)).await.unwrap();
    assert_eq!(count(&one).await, Value::Int(2), "it may read all the same");
    one.fence(3).await.unwrap();
    one.write(&batch(3, 3)).await.unwrap();
    assert_eq!(two.write(&batch(97, 4)).await, Err(RowError::Fenced));
    assert_eq!(count(&two).await, Value::Int(3));
}
