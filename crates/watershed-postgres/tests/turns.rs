//! Processes that append to one log take turns: what becomes of the others where one of them does not end its own.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use tokio_postgres::Client;
use watershed_core::ports::{Append, EventLog};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::{Postgres, client};
use watershed_testkit::things::{append_to, happened};

/// To wait for each of these would take half a minute.
const APPENDS: u64 = 100;

fn append(stream: &str, id: u64) -> Append {
    append_to(stream, vec![happened(id, "{}")])
}

/// One append by each, for as long as it takes: from then on, each has met the other.
async fn both_append([one, other]: &[PostgresLog; 2], ids: impl Iterator<Item = u64>) {
    for id in ids {
        one.append(append("one", 2 * id)).await.unwrap();
        other.append(append("other", 2 * id + 1)).await.unwrap();
    }
}

/// The number of the lock for which they stand in line.
async fn turn(watching: &Client, logs: &[PostgresLog; 2]) -> i64 {
    let sql = "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks
               WHERE locktype = 'advisory' AND objsubid = 1 AND mode = 'ExclusiveLock'";
    let appending = async {
        for id in 0.. {
            both_append(logs, std::iter::once(id)).await;
        }
    };
    let seen = async {
        loop {
            if let Some(row) = watching.query(sql, &[]).await.unwrap().first() {
                return row.get(0);
            }
        }
    };
    tokio::select! {
        () = appending => unreachable!(),
        number = seen => number,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_stands_still_in_its_turn_is_not_waited_for_again_and_again() {
    let server = Postgres::start();
    let open = || PostgresLog::open(Options::new(server.server()));
    let logs = [open().await.unwrap(), open().await.unwrap()];
    let watching = client(&server.server()).await;
    let turn = turn(&watching, &logs).await;
    watching.query("SELECT pg_advisory_lock($1)", &[&turn]).await.unwrap();
    let begun = Instant::now();
    both_append(&logs, 1_000_000..1_000_000 + APPENDS).await;
    assert!(begun.elapsed() < Duration::from_secs(5), "it took {:?}", begun.elapsed());

    // Whoever has stood still goes on.
    watching.query("SELECT pg_advisory_unlock($1)", &[&turn]).await.unwrap();
    both_append(&logs, 2_000_000..2_000_000 + APPENDS).await;
}
