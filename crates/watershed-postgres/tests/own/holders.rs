//! Whoever holds the head and does not let go is ended, and everybody else goes on.

use std::time::{Duration, Instant};

use tokio_postgres::Client;
use watershed_core::ports::EventLog;
use watershed_postgres::{PostgresLog, WithinError};

use crate::support::{Lab, append, put};

const HOLD: Duration = Duration::from_millis(700);

async fn lab() -> (Lab, PostgresLog, Client) {
    let lab = Lab::start().await;
    let mut options = lab.log.options().clone();
    options.hold = HOLD;
    let log = PostgresLog::open(options).await.unwrap();
    let client = lab.client().await;
    (lab, log, client)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_has_appended_and_stands_still_is_ended_and_nothing_of_it_is_there() {
    let (lab, log, mut stalled) = lab().await;
    let mut transaction = stalled.transaction().await.unwrap();
    put(&transaction, 1).await;
    log.append_within(&mut transaction, append(1)).await.unwrap();
    let begun = Instant::now();
    // A group commit, and another user's transaction, each of its own.
    let mut client = lab.client().await;
    let own = async {
        let mut transaction = client.transaction().await.unwrap();
        put(&transaction, 2).await;
        log.append_within(&mut transaction, append(2)).await.unwrap();
        transaction.commit().await.unwrap();
    };
    let (appended, ()) = tokio::join!(lab.log.append(append(3)), own);
    appended.unwrap();
    assert!(begun.elapsed() >= HOLD / 2, "nobody was held up: {:?}", begun.elapsed());
    assert!(begun.elapsed() < HOLD * 3, "held up for {:?}", begun.elapsed());
    transaction.commit().await.unwrap_err();
    assert_eq!(lab.there(), (1, 2));
    lab.assert_sound(2).await;
}

/// One that is busy instead of idle.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_behind_the_append_that_takes_long_is_ended() {
    let (lab, log, mut stalled) = lab().await;
    let mut transaction = stalled.transaction().await.unwrap();
    log.append_within(&mut transaction, append(1)).await.unwrap();
    let begun = Instant::now();
    let (slept, appended) =
        tokio::join!(transaction.batch_execute("SELECT pg_sleep(60)"), lab.log.append(append(2)));
    slept.unwrap_err();
    appended.unwrap();
    assert!(begun.elapsed() < HOLD * 3, "held up for {:?}", begun.elapsed());
    // The driver says that all is well with the commit of a transaction that has failed.
    let _ = transaction.commit().await;
    lab.assert_sound(1).await;
}

/// Whoever waits for the head does so for as long as it may wait for a lock, and can go on then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_waited_for_too_long_is_told_so_and_may_go_on() {
    let lab = Lab::start().await;
    let mut options = lab.log.options().clone();
    options.patience = Duration::from_millis(300);
    let hasty = PostgresLog::open(options).await.unwrap();
    let (mut holding, mut client) = (lab.client().await, lab.client().await);
    let mut holder = holding.transaction().await.unwrap();
    lab.log.append_within(&mut holder, append(1)).await.unwrap();
    let mut transaction = client.transaction().await.unwrap();
    put(&transaction, 2).await;
    let told = hasty.append_within(&mut transaction, append(2)).await.unwrap_err();
    assert!(matches!(told, WithinError::Busy(_)) && told.is_retryable(), "{told:?}");
    holder.commit().await.unwrap();
    hasty.append_within(&mut transaction, append(2)).await.unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(lab.there(), (1, 2));
    lab.assert_sound(2).await;
}
