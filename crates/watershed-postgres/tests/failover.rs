//! A standby takes the primary's place without all that was acknowledged: nobody goes on as if it were all there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use watershed_core::ports::{AppendError, EventLog, LogReader, ReadFrom, Scope};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::things::{append_to, happened};

const PATIENCE: Duration = Duration::from_secs(1);

async fn open(primary: &Postgres, standby: &Postgres) -> PostgresLog {
    let mut options = Options::new(format!(
        "host=127.0.0.1,127.0.0.1 port={},{} user=postgres dbname=postgres target_session_attrs=read-write connect_timeout=1",
        primary.port(),
        standby.port()
    ));
    (options.statement, options.patience) = (PATIENCE, PATIENCE);
    PostgresLog::open(options).await.unwrap()
}

async fn append(log: &PostgresLog, number: u64) -> Result<u64, AppendError> {
    log.append(append_to("one", vec![happened(number, "{}")])).await.map(|appended| appended.position)
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What others append on the new primary before the old nodes are back: nothing, or enough for the log to be longer than it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_lacks_what_was_acknowledged_is_not_gone_on_with() {
    for meanwhile in [0, 9] {
        let mut primary = Postgres::start();
        let standby = primary.standby();
        let [writes, follows] = [open(&primary, &standby).await, open(&primary, &standby).await];
        for number in 1..=20 {
            append(&writes, number).await.unwrap();
        }
        until("the standby has come so far", || standby.sql("SELECT count(*) FROM watershed.events") == "20")
            .await;
        standby.sql("ALTER SYSTEM SET primary_conninfo = ''");
        standby.sql("SELECT pg_reload_conf()");
        until("it receives no more", || standby.sql("SELECT count(*) FROM pg_stat_wal_receiver") == "0")
            .await;
        for number in 21..=25 {
            append(&writes, number).await.unwrap();
        }
        until("the other node has seen it", || follows.head() == 25).await;

        primary.kill();
        standby.promote();
        let other = open(&primary, &standby).await;
        for number in 0..meanwhile {
            assert_eq!(append(&other, 100 + number).await, Ok(21 + number));
        }
        for node in [&writes, &follows] {
            let told = append(node, 50).await.unwrap_err();
            assert!(
                matches!(&told, AppendError::ReadOnly(why) if why.contains("lost what was acknowledged")),
                "{told}"
            );
            let read = node.read(ReadFrom { scope: Scope::Log, after: 0, limit: 100 }).await;
            let told = read.unwrap_err().to_string();
            assert!(told.contains("lost what was acknowledged"), "{told}");
            until("operators are told", || node.problem().is_some_and(|problem| problem.contains("lost")))
                .await;
        }
        // Whoever starts anew goes on with what is left, in another epoch: tokens of before are none of its own.
        let anew = open(&primary, &standby).await;
        assert_eq!((anew.identity().epoch, writes.identity().epoch), (2, 1));
        assert_eq!(anew.identity().id, writes.identity().id);
        assert_eq!(append(&anew, 200).await, Ok(21 + meanwhile));
        // Whoever is in the epoch before, and has seen nothing of what was lost, is told to start anew as well.
        standby.sql("UPDATE watershed.log_meta SET epoch = epoch + 1");
        until("it is told", || anew.problem().is_some_and(|problem| problem.contains("epoch 3"))).await;
    }
}
