//! Several processes on one edition.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use watershed_core::ports::{JournalFrom, RowEditions, RowError, RowGroup, RowsBatch};
use watershed_core::{Ask, Predicate, Tenant, Value};
use watershed_postgres::PostgresRows;
use watershed_testkit::postgres::Postgres;

use crate::support::{at, client, key, open, options, puts, thing};

const ROWS: usize = 30;

/// Rows of one load bear its number: whoever reads sees those of one load, with its checkpoint.
async fn look_on(group: Arc<dyn RowGroup>, done: Arc<AtomicBool>) -> usize {
    let mut looks = 0;
    while !done.load(Ordering::Relaxed) {
        let page = group.ask(&Tenant::default(), &Ask::rows("things")).await.unwrap();
        let number = Value::Int(i64::try_from(page.position).unwrap());
        assert_eq!(page.rows.len(), ROWS, "at {}", page.position);
        assert!(page.rows.iter().all(|row| row.values[1] == number), "at {}", page.position);
        for rows in [
            group.scan(0, &Predicate::All, None, 1_000).await.unwrap(),
            group.rows(0, &page.rows.iter().map(|row| row.key.clone()).collect::<Vec<_>>()).await.unwrap(),
        ] {
            assert_eq!(rows.len(), ROWS);
            assert!(rows.iter().all(|row| row.values[1] == rows[0].values[1]));
        }
        let moment = group.moment().await.unwrap();
        let number = Value::Int(i64::try_from(moment.checkpoint().await.unwrap().position).unwrap());
        let rows = moment.scan(0, &Predicate::All, None, 1_000).await.unwrap();
        assert!(rows.len() == ROWS && rows.iter().all(|row| row.values[1] == number));
        looks += 1;
    }
    looks
}

async fn load(group: &Arc<dyn RowGroup>, number: u64) {
    let mut loader = group.loader().await.unwrap();
    let of = |id: usize| thing(&format!("k-{id:02}"), i64::try_from(number).unwrap(), None);
    loader.add(0, (0..ROWS).map(of).collect()).await.unwrap();
    loader.finish(Vec::new(), at(number)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_read_on_while_tables_take_the_place_of_others_again_and_again() {
    let server = Postgres::start();
    let (_store, group) = open(&server).await;
    load(&group, 1).await;
    let done = Arc::new(AtomicBool::new(false));
    let (_others, other) = open(&server).await;
    let readers = [group.clone(), other].map(|group| tokio::spawn(look_on(group, done.clone())));
    for number in 2..30 {
        load(&group, number).await;
    }
    done.store(true, Ordering::Relaxed);
    for reader in readers {
        assert!(reader.await.unwrap() > 3, "nobody read meanwhile");
    }
    // What is left of the loads goes when nobody reads it any more.
    load(&group, 30).await;
    load(&group, 31).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let client = client(&server).await;
    let sql = "SELECT count(*) FROM pg_tables WHERE schemaname = 'watershed' AND tablename LIKE 'things%'";
    let tables: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(tables, 1, "what nobody reads is left");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_one_makes_the_batch_that_only_one_may() {
    let server = Postgres::start();
    let (_one_store, one) = open(&server).await;
    let (_other_store, other) = open(&server).await;
    for position in 0..100_u64 {
        let made =
            |by: i64| RowsBatch { only_at: Some(position), ..puts(vec![thing("a", by, None)], position + 1) };
        let (left, right) = (made(1), made(2));
        let answers = tokio::join!(one.write(&left), other.write(&right));
        let winner = match &answers {
            (Ok(()), Err(RowError::Moved(at))) if *at == position + 1 => 1,
            (Err(RowError::Moved(at)), Ok(())) if *at == position + 1 => 2,
            answers => panic!("at {position}: {answers:?}"),
        };
        assert_eq!(one.rows(0, &[key("a")]).await.unwrap(), [thing("a", winner, None)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tables_of_a_load_that_is_under_way_are_not_dropped_by_others() {
    let server = Postgres::start();
    let (_store, group) = open(&server).await;
    let mut loader = group.loader().await.unwrap();
    loader.add(0, vec![thing("a", 1, None)]).await.unwrap();
    // Another process starts, and sweeps.
    let (_others, other) = open(&server).await;
    let dropped = other.loader().await.unwrap();
    drop(dropped);
    loader.add(0, vec![thing("b", 2, None)]).await.unwrap();
    loader.finish(Vec::new(), at(5)).await.unwrap();
    assert_eq!(other.checkpoint().await.unwrap(), at(5));
    assert_eq!(other.rows(0, &[key("a"), key("b")]).await.unwrap().len(), 2);
    other.write(&puts(vec![thing("a", 3, None)], 6)).await.unwrap();
    assert_eq!(group.rows(0, &[key("a")]).await.unwrap(), [thing("a", 3, None)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_moment_keeps_tables_that_it_has_not_looked_at_yet() {
    let server = Postgres::start();
    let (_store, group) = open(&server).await;
    load(&group, 1).await;
    let moment = group.moment().await.unwrap();
    for number in 2..5 {
        load(&group, number).await;
    }
    // Whoever starts drops what nobody needs.
    let (_others, _other) = open(&server).await;
    let rows = moment.scan(0, &Predicate::All, None, 1_000).await.unwrap();
    assert!(rows.len() == ROWS && rows.iter().all(|row| row.values[1] == Value::Int(1)), "{rows:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edition_that_another_process_has_removed_is_not_taken_for_an_empty_one() {
    let server = Postgres::start();
    let (_store, group) = open(&server).await;
    load(&group, 1).await;
    let other = PostgresRows::open(options(&server.server())).await.unwrap();
    other.remove("things", 1).await.unwrap();
    let answers = [
        group.ask(&Tenant::default(), &Ask::rows("things")).await.err(),
        group.ask(&Tenant::default(), &Ask { key: Some("k-01".into()), ..Ask::rows("things") }).await.err(),
        group.rows(0, &[key("k-01")]).await.err(),
        group.scan(0, &Predicate::All, None, 10).await.err(),
        group.checkpoint().await.err(),
        group.parked().await.err(),
        group.moment().await.err(),
        group.read_journal(JournalFrom::Number(0), 10).await.err(),
        group.write(&puts(vec![thing("a", 1, None)], 2)).await.err(),
    ];
    for (place, answer) in answers.iter().enumerate() {
        let told = answer.as_ref().map(ToString::to_string).unwrap_or_default();
        assert!(told.contains("edition 1 of `things` has been removed"), "{place}: {answer:?}");
    }
}
