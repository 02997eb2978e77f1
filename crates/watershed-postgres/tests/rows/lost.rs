//! Connections that are lost at any moment, and servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use watershed_core::ports::{Changed, GroupSpec, JournalFrom, RowState, RowStore};
use watershed_postgres::PostgresRows;
use watershed_testkit::postgres::Postgres;
use watershed_testkit::proxy::Proxy;

use crate::support::{at, key, open, options, puts, thing, things};

/// Every write changes the row once: a write that was made, and whose answer was lost, must not be made again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_is_lost_is_looked_for_and_made_once() {
    let writes: i64 = if std::env::var_os("WATERSHED_NIGHTLY").is_some() { 30_000 } else { 1_500 };
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let store = PostgresRows::open(options(&Postgres::server_at(proxy.port()))).await.unwrap();
    let group = store.open(things()).await.unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let cutting = tokio::spawn({
        let done = done.clone();
        async move {
            let mut pause = 1_u64;
            while !done.load(Ordering::Relaxed) {
                pause = pause * 7 % 23;
                tokio::time::sleep(Duration::from_micros(15_000 + 913 * pause)).await;
                proxy.cut();
            }
            proxy
        }
    });
    let (mut refused, mut position) = (0, 0);
    for number in 1..=writes {
        position += 1;
        // As projectors do: the same again, until it is taken.
        while let Err(error) = group.write(&puts(vec![thing("a", number, None)], position)).await {
            refused += 1;
            assert!(refused < writes, "{error}");
        }
    }
    done.store(true, Ordering::Relaxed);
    let _proxy = cutting.await.unwrap();
    assert_eq!(group.rows(0, &[key("a")]).await.unwrap(), [thing("a", writes, None)]);
    let (_other, direct) = open(&server).await;
    let part = direct.read_journal(JournalFrom::Number(0), usize::MAX).await.unwrap().unwrap();
    let seen: Vec<Option<i64>> = part
        .entries
        .iter()
        .map(|entry| match &entry.changed {
            Changed::Row(row) => {
                assert_eq!(row.state, RowState::Shown);
                match row.before.as_ref().map(|values| &values[1]) {
                    Some(watershed_core::Value::Int(number)) => Some(*number),
                    _ => None,
                }
            }
            Changed::Everything => panic!("nothing was loaded"),
        })
        .collect();
    let wanted: Vec<Option<i64>> = (0..writes).map(|before| (before > 0).then_some(before)).collect();
    assert_eq!(seen, wanted, "each write once; {refused} were told to have failed, and made again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_reads_goes_on_when_the_server_is_back() {
    let mut server = Postgres::start();
    let (_store, group) = open(&server).await;
    group.write(&puts(vec![thing("a", 1, None)], 1)).await.unwrap();
    let mut loader = group.loader().await.unwrap();
    loader.add(0, vec![thing("b", 2, None)]).await.unwrap();
    let moment = group.moment().await.unwrap();
    server.kill();
    assert!(group.rows(0, &[key("a")]).await.is_err(), "nobody answers for a server that is gone");
    assert!(group.write(&puts(vec![thing("a", 2, None)], 2)).await.is_err());
    server.up();
    assert_eq!(group.rows(0, &[key("a")]).await.unwrap(), [thing("a", 1, None)]);
    assert_eq!(group.checkpoint().await.unwrap(), at(1));
    assert!(moment.checkpoint().await.is_err(), "a moment does not outlive the server");
    assert!(loader.finish(Vec::new(), at(9)).await.is_err(), "nor does a load");
    group.write(&puts(vec![thing("a", 3, None)], 3)).await.unwrap();
    let mut loader = group.loader().await.unwrap();
    loader.add(0, vec![thing("c", 4, None)]).await.unwrap();
    loader.finish(Vec::new(), at(4)).await.unwrap();
    assert_eq!(group.rows(0, &[key("a"), key("c")]).await.unwrap(), [thing("c", 4, None)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_may_be_held_for_longer_than_a_transaction_may_stand_still() {
    let server = Postgres::start();
    let mut options = options(&server.server());
    options.patience = Duration::from_millis(200);
    let store = PostgresRows::open(options).await.unwrap();
    let group = store.open(things()).await.unwrap();
    group.write(&puts(vec![thing("a", 1, None)], 1)).await.unwrap();
    let moment = group.moment().await.unwrap();
    tokio::time::sleep(Duration::from_millis(700)).await;
    group.write(&puts(vec![thing("a", 2, None)], 2)).await.unwrap();
    assert_eq!(moment.rows(0, &[key("a")]).await.unwrap(), [thing("a", 1, None)]);
}

/// What was given up may still be on its way, and come when others have written since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_comes_late_changes_nothing() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let mut through = options(&Postgres::server_at(proxy.port()));
    (through.statement, through.patience) = (Duration::from_millis(300), Duration::from_millis(300));
    let store = PostgresRows::open(through).await.unwrap();
    // Without a journal: what is written hangs on nothing then, and goes in one piece.
    let group = store.open(GroupSpec { journal: Vec::new(), ..things() }).await.unwrap();
    for number in 1..=2 {
        group.write(&puts(vec![thing("a", number, None)], number.unsigned_abs())).await.unwrap();
    }
    let writer =
        server.sql("SELECT pid FROM pg_stat_activity WHERE query = 'COMMIT' AND pid <> pg_backend_pid()");
    assert!(writer.parse::<i32>().is_ok(), "one connection has written: {writer:?}");
    proxy.stall();
    group.write(&puts(vec![thing("a", 3, None)], 3)).await.unwrap();
    group.write(&puts(vec![thing("a", 4, None)], 4)).await.unwrap();
    proxy.release();
    let begun = Instant::now();
    while server.sql(&format!("SELECT count(*) FROM pg_stat_activity WHERE pid = {writer}")) != "0" {
        assert!(begun.elapsed() < Duration::from_secs(20), "the lost connection is not gone");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(group.rows(0, &[key("a")]).await.unwrap(), [thing("a", 4, None)]);
    assert_eq!(group.checkpoint().await.unwrap(), at(4));
}
