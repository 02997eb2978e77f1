//! The user's rows and the events are both there, or neither.

use std::time::{Duration, Instant};

use watershed_core::ports::{EventLog, LogIndex, LogReader};
use watershed_core::{StreamId, Tag, Tenant};
use watershed_postgres::{Options, PostgresLog};

use crate::support::{Lab, append, events, goes_on, put};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_committed_is_there_with_its_event_and_what_is_not_leaves_no_gap() {
    let lab = Lab::start().await;
    let mut client = lab.client().await;

    let mut transaction = client.transaction().await.unwrap();
    put(&transaction, 1).await;
    let appended = lab.log.append_within(&mut transaction, append(1)).await.unwrap();
    assert_eq!((appended.position, appended.version), (1, 1));
    assert_eq!(lab.there(), (0, 0), "nothing is seen before the commit");
    transaction.commit().await.unwrap();
    assert_eq!(lab.there(), (1, 1));

    // Given up on purpose, and by whoever drops it.
    for is_told in [true, false] {
        let mut transaction = client.transaction().await.unwrap();
        put(&transaction, 2).await;
        let appended = lab.log.append_within(&mut transaction, append(2)).await.unwrap();
        assert_eq!(appended.position, 2);
        if is_told {
            transaction.rollback().await.unwrap();
        }
    }
    // The end of the one that was dropped is on its way.
    client.batch_execute("SELECT").await.unwrap();
    assert_eq!(lab.there(), (1, 1));
    goes_on(&lab.log, 3).await;

    // The connection is gone between the append and the commit.
    let mut lost = lab.client().await;
    let process: i32 = lost.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let mut transaction = lost.transaction().await.unwrap();
    put(&transaction, 4).await;
    lab.log.append_within(&mut transaction, append(4)).await.unwrap();
    lab.server.sql(&format!("SELECT pg_terminate_backend({process})"));
    transaction.commit().await.unwrap_err();
    assert_eq!(lab.there(), (1, 2));
    goes_on(&lab.log, 5).await;

    let (tenant, stream) = (Tenant::default(), StreamId::new("thing", "s1"));
    assert_eq!(lab.log.stream_version(&tenant, &stream).await.unwrap(), 1);
    assert_eq!(lab.log.find_tag(&tenant, &Tag::new("number", 1)).await.unwrap(), Some(1));
    assert_eq!(lab.log.find_tag(&tenant, &Tag::new("number", 2)).await.unwrap(), None);
    lab.assert_sound(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_appends_of_a_transaction_follow_one_another_and_a_savepoint_takes_its_own_back() {
    let lab = Lab::start().await;
    let mut client = lab.client().await;
    goes_on(&lab.log, 1).await;
    let mut transaction = client.transaction().await.unwrap();
    for id in [51, 101] {
        let appended = lab.log.append_within(&mut transaction, append(id)).await.unwrap();
        assert_eq!(appended.position, appended.version, "each behind the one before, in the same stream");
    }
    let mut inner = transaction.transaction().await.unwrap();
    assert_eq!(lab.log.append_within(&mut inner, append(151)).await.unwrap().position, 4);
    inner.rollback().await.unwrap();
    assert_eq!(lab.log.append_within(&mut transaction, append(201)).await.unwrap().position, 4);
    // Nobody is told of a position before the commit.
    assert_eq!(lab.log.head(), 1);
    transaction.commit().await.unwrap();
    goes_on(&lab.log, 2).await;
    lab.assert_sound(5).await;
    let found = events(&lab.log, watershed_core::ports::Scope::Log).await;
    let payloads: Vec<_> =
        found.iter().map(|event| String::from_utf8_lossy(&event.payload).into_owned()).collect();
    assert_eq!(payloads, [1, 51, 101, 201, 2].map(|id| format!("{{\"id\":{id}}}")));
}

/// Nobody here sees the user's commit: it is looked for, and the other processes are told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_here_and_elsewhere_see_a_users_commit_soon() {
    let lab = Lab::start().await;
    let mut options = lab.log.options().clone();
    // So that nobody finds out by chance.
    options.poll = Duration::from_secs(60);
    let (here, there) = (open(&options).await, open(&options).await);
    // Who listens is looked for once in a second.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let mut client = lab.client().await;
    for turn in 0..5 {
        let mut transaction = client.transaction().await.unwrap();
        let position = here.append_within(&mut transaction, append(turn)).await.unwrap().position;
        // Some take their time.
        tokio::time::sleep(Duration::from_millis(turn * 50)).await;
        assert!(here.head() < position, "told before it was there");
        transaction.commit().await.unwrap();
        let committed = Instant::now();
        assert_eq!(here.wait_past(position - 1).await, position);
        assert_eq!(there.wait_past(position - 1).await, position);
        assert!(committed.elapsed() < Duration::from_secs(1), "{:?}", committed.elapsed());
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
}

async fn open(options: &Options) -> PostgresLog {
    PostgresLog::open(options.clone()).await.unwrap()
}

/// Whoever gives up waiting has not appended, and holds nobody up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_that_nobody_waits_for_any_longer_is_not_there() {
    let lab = Lab::start().await;
    let (mut client, mut other) = (lab.client().await, lab.client().await);
    for turn in 0..20_u64 {
        let mut holder = other.transaction().await.unwrap();
        let is_held = turn % 2 == 0;
        if is_held {
            lab.log.append_within(&mut holder, append(1_000 + turn)).await.unwrap();
        }
        let mut transaction = client.transaction().await.unwrap();
        put(&transaction, turn).await;
        let short = Duration::from_micros(if is_held { 50_000 } else { turn * 150 });
        let given_up =
            tokio::time::timeout(short, lab.log.append_within(&mut transaction, append(turn))).await.is_err();
        holder.rollback().await.unwrap();
        let (_, before) = lab.there();
        transaction.commit().await.unwrap();
        let (things, after) = lab.there();
        assert_eq!(things, usize::try_from(turn).unwrap() + 1, "the transaction was usable");
        assert_eq!(after - before, usize::from(!given_up), "turn {turn}");
        goes_on(&lab.log, 2_000 + turn).await;
    }
    let (_, events) = lab.there();
    lab.assert_sound(events as u64).await;
    lab.log.append(append(9_999)).await.unwrap();
}
