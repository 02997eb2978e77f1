//! Users' transactions beside group commits and saved states, of several processes at once.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_postgres::Transaction;
use watershed::core::ports::{Append, EventLog, Expected, Scope};
use watershed::prelude::*;
use watershed_core::StreamId;
use watershed_postgres::{PostgresLog, WithinError};

use crate::stockroom::{Count, CountCommand, CountEvent, start_on};
use crate::support::{Lab, append, client, events, goes_on, put};

fn rounds(short: u64, long: u64) -> u64 {
    if std::env::var_os("WATERSHED_NIGHTLY").is_some() { long } else { short }
}

/// The commonest faults of logs on databases: a hole, an event twice, one that readers have passed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_doubled_or_passed_beside_group_commits_of_two_processes() {
    let lab = Lab::start().await;
    let logs = [lab.log.clone(), lab.other().await];
    let reader = lab.other().await;
    let each = rounds(250, 2_500);
    let mut callers = JoinSet::new();
    for caller in 0..16 {
        let log = logs[caller % 2].clone();
        let mut own = client(&lab.server.server()).await;
        let from = caller as u64 * 1_000_000;
        // Half of them by transactions of their own, the other half, eight at once, by group commits.
        if caller < 8 {
            callers.spawn(async move {
                for id in from..from + each {
                    let mut transaction = own.transaction().await.unwrap();
                    put(&transaction, id).await;
                    log.append_within(&mut transaction, append(id)).await.unwrap();
                    match id % 10 {
                        3 => transaction.rollback().await.unwrap(),
                        _ => transaction.commit().await.unwrap(),
                    }
                }
            });
        } else {
            for part in 0..8 {
                let log = log.clone();
                callers.spawn(async move {
                    for id in from + part * 100_000..from + part * 100_000 + each {
                        log.append(append(id)).await.unwrap();
                    }
                });
            }
        }
    }
    let wanted = 8 * (each - each / 10) + 64 * each;
    let follower = tokio::spawn(async move {
        let mut seen = Vec::new();
        while (seen.len() as u64) < wanted {
            let after = seen.len() as u64;
            watershed_core::ports::LogReader::wait_past(&*reader, after).await;
            let page = watershed_core::ports::ReadFrom { scope: Scope::Log, after, limit: 1_000 };
            let page = watershed_core::ports::LogReader::read(&*reader, page).await.unwrap();
            for event in page.events {
                assert_eq!(event.position, seen.len() as u64 + 1, "a hole");
                seen.push(event.id);
            }
        }
        seen
    });
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    let followed = tokio::time::timeout(Duration::from_secs(10), follower).await.unwrap().unwrap();
    lab.assert_sound(wanted).await;
    let (things, _) = lab.there();
    assert_eq!(things as u64, 8 * (each - each / 10));
    let all = events(&lab.log, Scope::Log).await;
    assert_eq!(all.iter().map(|event| event.id).collect::<Vec<_>>(), followed);
    assert_eq!(followed.iter().collect::<HashSet<_>>().len() as u64, wanted, "one is there twice");
    let without = "SELECT count(*) FROM things WHERE NOT EXISTS (
        SELECT FROM watershed.events WHERE payload = '{\"id\":' || things.id || '}')";
    assert_eq!(lab.server.sql(without), "0", "a row without its event");
    assert_eq!(lab.deadlocks(), "0");
}

fn counts() -> [&'static str; 3] {
    ["a", "b", "c"]
}

async fn node(log: &Arc<PostgresLog>, folder: &Path) -> Running {
    start_on(log.clone(), folder).await
}

/// What the saver locks and what users lock are the same rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_transactions_and_saved_states_on_the_same_rows_never_wait_for_each_other_in_a_circle() {
    let lab = Lab::start().await;
    let logs = [lab.log.clone(), lab.other().await];
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let nodes = [node(&logs[0], folders[0].path()).await, node(&logs[1], folders[1].path()).await];
    for id in counts() {
        nodes[0].send(CountCommand::Add { id: id.to_owned(), by: 1 }).await.unwrap();
    }
    let each = rounds(130, 1_500);
    let mut callers = JoinSet::new();
    for caller in 0..16_u64 {
        let place = usize::try_from(caller % 2).unwrap();
        let (node, log) = (nodes[place].clone(), logs[place].clone());
        let mut own = client(&lab.server.server()).await;
        callers.spawn(async move {
            let mut done = 0;
            for turn in 0..each {
                let first = usize::try_from((caller * 7 + turn * 5) % 3).unwrap();
                if caller >= 8 {
                    let id = counts()[first].to_owned();
                    loop {
                        match node.send(CountCommand::Add { id: id.clone(), by: 1 }).await {
                            Ok(_) => break done += 1,
                            Err(SendError::Contended { .. }) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                    continue;
                }
                // One row, or two, in the order that all of them keep.
                let mut transaction = own.transaction().await.unwrap();
                for id in &counts()[first..(first + 1 + usize::try_from(turn % 2).unwrap()).min(3)] {
                    let update = "UPDATE watershed.counts SET total = total + 1, version = version + 1
                        WHERE tenant = 'default' AND count_id = $1";
                    assert_eq!(transaction.execute(update, &[id]).await.unwrap(), 1);
                    done += 1;
                }
                for id in &counts()[first..(first + 1 + usize::try_from(turn % 2).unwrap()).min(3)] {
                    let added = node.record(*id, vec![CountEvent::Added { by: 1 }]).append().unwrap();
                    log.append_within(&mut transaction, added).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
            done
        });
    }
    let mut changes = 3;
    while let Some(caller) = callers.join_next().await {
        changes += caller.unwrap();
    }
    let sums = lab.server.sql("SELECT sum(total) || ' ' || sum(version) FROM watershed.counts");
    assert_eq!(sums, format!("{changes} {changes}"), "each change is in its row once");
    lab.assert_sound(changes).await;
    let report = nodes[0].compare_tables::<Count>(&Principal::default()).await.unwrap();
    assert_eq!((report.compared, report.differ), (3, 0), "{report:?}");
    assert_eq!(lab.deadlocks(), "0");
}

/// A rule that is looked at no sooner than at the commit would wait, behind the head, for rows of whoever waits for the head.
const RULE: &str = "CREATE TABLE rules (id integer PRIMARY KEY); INSERT INTO rules VALUES (1);
    CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        PERFORM FROM public.rules WHERE id = 1 FOR SHARE; RETURN NULL;
    END $$;";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_state_with_a_deferred_rule_does_not_hold_the_head_while_it_waits_for_a_row() {
    let lab = Lab::start().await;
    let folder = tempfile::tempdir().unwrap();
    let node = node(&lab.log, folder.path()).await;
    lab.server.sql(RULE);
    lab.server.sql(
        "CREATE CONSTRAINT TRIGGER looks AFTER INSERT OR UPDATE ON watershed.counts DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION look()",
    );
    let mut own = lab.client().await;
    for turn in 1..=3 {
        let mut transaction = own.transaction().await.unwrap();
        transaction.execute("SELECT FROM rules WHERE id = 1 FOR UPDATE", &[]).await.unwrap();
        let saving = tokio::spawn({
            let node = node.clone();
            async move { node.send(CountCommand::Add { id: "a".to_owned(), by: 1 }).await }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!saving.is_finished(), "the rule was not looked at");
        let begun = Instant::now();
        lab.log.append_within(&mut transaction, append(turn)).await.unwrap();
        transaction.commit().await.unwrap();
        assert!(begun.elapsed() < Duration::from_millis(800), "held up for {:?}", begun.elapsed());
        saving.await.unwrap().unwrap();
    }
    lab.assert_sound(6).await;
    assert_eq!(lab.deadlocks(), "0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_users_deferred_rule_waits_for_its_rows_before_it_has_the_head() {
    let lab = Lab::start().await;
    lab.server.sql(RULE);
    lab.server.sql(
        "CREATE CONSTRAINT TRIGGER looks AFTER INSERT ON things DEFERRABLE INITIALLY DEFERRED
         FOR EACH ROW EXECUTE FUNCTION look()",
    );
    let (mut own, mut waiting) = (lab.client().await, lab.client().await);
    let mut transaction = own.transaction().await.unwrap();
    transaction.execute("SELECT FROM rules WHERE id = 1 FOR UPDATE", &[]).await.unwrap();
    let log = lab.log.clone();
    let other = tokio::spawn(async move {
        let mut transaction = waiting.transaction().await.unwrap();
        put(&transaction, 1).await;
        log.append_within(&mut transaction, append(1)).await.unwrap();
        transaction.commit().await.unwrap();
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    goes_on(&lab.log, 2).await;
    lab.log.append_within(&mut transaction, append(3)).await.unwrap();
    transaction.commit().await.unwrap();
    other.await.unwrap();
    lab.assert_sound(3).await;
    assert_eq!(lab.deadlocks(), "0");
}

/// Whoever decides on a version finds out that another has been faster, and decides again: no update is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expected_version_holds_against_whoever_appends() {
    let lab = Lab::start().await;
    let mut callers = JoinSet::new();
    let each = rounds(40, 400);
    for caller in 0..8 {
        let log = if caller % 2 == 0 { lab.log.clone() } else { lab.other().await };
        let mut own = lab.client().await;
        callers.spawn(async move {
            let mut version = 0;
            for turn in 0..each {
                let id = caller * 10_000 + turn;
                loop {
                    let stream = StreamId::new("thing", "one");
                    let append = Append { stream, expected: Expected::Version(version), ..append(id) };
                    let told = if caller < 4 {
                        let mut transaction = own.transaction().await.unwrap();
                        put(&transaction, id).await;
                        match log.append_within(&mut transaction, append).await {
                            Ok(appended) => transaction.commit().await.map(|()| Ok(appended)).unwrap(),
                            Err(WithinError::Refused(error)) => Err(error),
                            Err(other) => panic!("{other:?}"),
                        }
                    } else {
                        log.append(append).await
                    };
                    match told {
                        Ok(appended) => break version = appended.version,
                        Err(watershed_core::ports::AppendError::Conflict { actual, .. }) => version = actual,
                        Err(other) => panic!("{other:?}"),
                    }
                }
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    assert_eq!(lab.there().0 as u64, 4 * each);
    lab.assert_sound(8 * each).await;
    let versions = "SELECT count(DISTINCT version) || ' ' || max(version) FROM watershed.events";
    assert_eq!(lab.server.sql(versions), format!("{0} {0}", 8 * each));
}

/// The checks above ask the server for circles; so a circle has to be seen there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_circle_would_be_seen() {
    let lab = Lab::start().await;
    lab.server.sql("INSERT INTO things VALUES (1, ''), (2, '')");
    let (mut one, mut other) = (lab.client().await, lab.client().await);
    let (one, other) = (one.transaction().await.unwrap(), other.transaction().await.unwrap());
    one.execute(TAKE, &[&1_i64]).await.unwrap();
    other.execute(TAKE, &[&2_i64]).await.unwrap();
    // Whoever of the two is ended gives the other one its row.
    let (ones, others) = tokio::join!(take_and_end(one, 2), take_and_end(other, 1));
    assert_ne!(ones, others);
    assert_eq!(lab.deadlocks(), "1");
}

const TAKE: &str = "UPDATE things SET said = 'taken' WHERE id = $1";

/// Whether it got the thing.
async fn take_and_end(transaction: Transaction<'_>, id: i64) -> bool {
    let taken = transaction.execute(TAKE, &[&id]).await;
    transaction.rollback().await.unwrap();
    taken.is_ok()
}
