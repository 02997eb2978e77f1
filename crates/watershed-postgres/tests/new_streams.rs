//! A stream of which a process knows nothing, and whose version nobody says, is taken to be new: what becomes of those that are not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use futures_util::future::join_all;
use watershed_core::ports::{Append, EventLog};
use watershed_postgres::{Options, PostgresLog};
use watershed_testkit::postgres::Postgres;
use watershed_testkit::things::{append_to, happened};

fn append(stream: &str, id: u64) -> Append {
    append_to(stream, vec![happened(id, "{}")])
}

/// Two nodes: one that has appended three events to the stream, and one that has appended to another stream and knows the log's end.
async fn one_that_knows_and_one_that_does_not(server: &Postgres) -> [PostgresLog; 2] {
    let [knows, does_not] =
        [server.server(), server.server()].map(|server| PostgresLog::open(Options::new(server)));
    let (knows, does_not) = (knows.await.unwrap(), does_not.await.unwrap());
    for id in 1..=3 {
        knows.append(append("one", id)).await.unwrap();
    }
    does_not.append(append("two", 4)).await.unwrap();
    [knows, does_not]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_is_not_new_goes_on_where_it_is_and_the_group_with_it() {
    let server = Postgres::start();
    let [_knows, log] = one_that_knows_and_one_that_does_not(&server).await;
    let mut appends: Vec<_> = (0..50).map(|id| append(&format!("new-{id}"), 10 + id)).collect();
    appends.insert(25, append("one", 5));
    let told = join_all(appends.into_iter().map(|append| log.append(append))).await;
    let versions: Vec<_> = told.into_iter().map(|told| told.unwrap().version).collect();
    assert_eq!(versions.iter().filter(|version| **version == 1).count(), 50);
    assert_eq!(versions[25], 4);
    assert_eq!(log.append(append("one", 6)).await.unwrap().version, 5);
    assert_eq!(server.sql("SELECT count(*), count(DISTINCT id) FROM watershed.events"), "56|56");
}

/// Nothing is written of it, so the index of streams does not tell.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_append_without_events_is_told_the_version_of_a_stream_that_is_not_new() {
    let server = Postgres::start();
    let [_knows, log] = one_that_knows_and_one_that_does_not(&server).await;
    assert_eq!(log.append(append_to("one", Vec::new())).await.unwrap().version, 3);
    // Beside others in one group, which are written.
    let server = Postgres::start();
    let [_knows, log] = one_that_knows_and_one_that_does_not(&server).await;
    let appends = [append("new", 5), append_to("one", Vec::new()), append("newer", 6)];
    let told = join_all(appends.into_iter().map(|append| log.append(append))).await;
    let versions: Vec<_> = told.into_iter().map(|told| told.unwrap().version).collect();
    assert_eq!(versions, [1, 3, 1]);
}
