//! Somebody else holds a row of the user's for long: nobody else's appends wait for it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod stockroom;

use std::time::{Duration, Instant};

use watershed::prelude::*;
use watershed_testkit::postgres::{Postgres, client};

use stockroom::{Count, CountCommand, CountRefusal, options, start};

fn add(id: &str, by: i64) -> CountCommand {
    CountCommand::Add { id: id.into(), by }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_somebody_holds_makes_only_those_wait_who_want_it_and_they_keep_their_order() {
    let server = Postgres::start();
    let options = options(&server, "held");
    let folder = tempfile::tempdir().unwrap();
    let node = start(&options, folder.path()).await;
    for id in ["a", "b"] {
        node.send(add(id, 1)).await.unwrap();
    }
    let mut client = client(&options.server).await;
    client.batch_execute("SET search_path TO held").await.unwrap();
    let holding = client.transaction().await.unwrap();
    holding.execute("SELECT 1 FROM counts WHERE count_id = 'a' FOR UPDATE", &[]).await.unwrap();
    let waiting: Vec<_> = (0..5)
        .map(|by| {
            let node = node.clone();
            tokio::spawn(async move { node.send(add("a", by + 1)).await })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    let began = Instant::now();
    for _ in 0..20 {
        node.send(add("b", 1)).await.unwrap();
        node.send(add("c", 1)).await.unwrap();
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(waiting.iter().all(|waiting| !waiting.is_finished()), "a row that is held was written");
    holding.rollback().await.unwrap();
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    let total =
        client.query_one("SELECT total, version FROM counts WHERE count_id = 'a'", &[]).await.unwrap();
    assert_eq!((total.get::<_, i32>(0), total.get::<_, i64>(1)), (16, 6));
}

/// Two nodes and somebody else save the same rows; the rows are what the events say, wherever only events have changed them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_lose_no_update_of_each_other_s_and_refuse_by_what_is_there() {
    let server = Postgres::start();
    let options = options(&server, "nodes");
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let nodes = [start(&options, folders[0].path()).await, start(&options, folders[1].path()).await];
    let all: Vec<_> = (0..16)
        .map(|caller| {
            let node = nodes[caller % 2].clone();
            tokio::spawn(async move {
                let mut net = 0;
                for turn in 0..15 {
                    let by = i64::try_from((caller * 7 + turn * 5) % 9).unwrap() - 4;
                    match node.send(add(["x", "y"][turn % 2], by)).await {
                        Ok(receipt) => net += if receipt.events.is_empty() { 0 } else { by },
                        Err(SendError::Refused(CountRefusal::Below) | SendError::Contended { .. }) => {}
                        Err(other) => panic!("{other:?}"),
                    }
                }
                net
            })
        })
        .collect();
    let mut net = 0;
    for caller in all {
        net += caller.await.unwrap();
    }
    let client = client(&options.server).await;
    client.batch_execute("SET search_path TO nodes").await.unwrap();
    let sums = "SELECT sum(total)::bigint, sum(version)::bigint, (SELECT count(*) FROM events) FROM counts";
    let sums = client.query_one(sums, &[]).await.unwrap();
    assert_eq!(sums.get::<_, i64>(0), net);
    assert_eq!(sums.get::<_, i64>(1), sums.get::<_, i64>(2), "each event was saved once");
    let me = Principal::default();
    for node in &nodes {
        let report = node.compare_tables::<Count>(&me).await.unwrap();
        assert_eq!((report.compared, report.differ), (2, 0), "{report:?}");
    }
    // What a node remembers is old once somebody else has changed the row: refusals are confirmed on it.
    client.batch_execute("UPDATE counts SET total = 0, version = version + 1").await.unwrap();
    for node in &nodes {
        let refused = node.send(add("x", -1)).await;
        assert!(matches!(refused, Err(SendError::Refused(CountRefusal::Below))), "{refused:?}");
    }
}
