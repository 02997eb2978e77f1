//! A user's session is theirs: what it is set to, what it can see, and what is prepared on it.

use tokio_postgres::{Client, Transaction};

use crate::support::{Lab, append, put};

/// Everything that an append changes for as long as it takes.
const SETTINGS: &str = "SELECT string_agg(name || '=' || current_setting(name), ' ') FROM unnest(ARRAY[
    'search_path', 'lock_timeout', 'plan_cache_mode', 'enable_seqscan', 'enable_hashjoin', 'enable_mergejoin', 'jit'
]) AS setting (name)";

async fn text(transaction: &Transaction<'_>, sql: &str) -> String {
    transaction.query_one(sql, &[]).await.unwrap().get(0)
}

async fn shown(client: &Client, name: &str) -> String {
    client.query_one(&format!("SHOW {name}"), &[]).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_is_set_as_it_was_and_its_tables_are_not_taken_for_the_logs() {
    let lab = Lab::start().await;
    let mut client = lab.client().await;
    // A table of the user's that comes first, and one that comes before all others.
    client
        .batch_execute("CREATE SCHEMA mine; CREATE TABLE mine.events (LIKE watershed.events)")
        .await
        .unwrap();
    client.batch_execute("CREATE TEMPORARY TABLE log_head AS TABLE watershed.log_head").await.unwrap();
    let set =
        "SET search_path TO mine, \"$user\", public; SET lock_timeout = '7s'; SET enable_hashjoin = off";
    client.batch_execute(set).await.unwrap();
    for turn in 1..=3 {
        let mut transaction = client.transaction().await.unwrap();
        transaction.batch_execute("SET LOCAL enable_seqscan = off").await.unwrap();
        let before = text(&transaction, SETTINGS).await;
        put(&transaction, turn).await;
        lab.log.append_within(&mut transaction, append(turn)).await.unwrap();
        assert_eq!(text(&transaction, SETTINGS).await, before);
        assert_eq!(text(&transaction, "SELECT count(*)::text FROM events").await, "0");
        transaction.commit().await.unwrap();
        assert_eq!(shown(&client, "search_path").await, "mine, \"$user\", public");
        assert_eq!(shown(&client, "enable_seqscan").await, "on");
    }
    let heads = client.query_one("SELECT max(position) FROM log_head", &[]).await.unwrap();
    assert_eq!(heads.get::<_, i64>(0), 0, "the temporary table was written");
    assert_eq!(lab.there(), (3, 3));
    lab.assert_sound(3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_does_not_wait_for_the_disk_does_so_for_the_log() {
    let lab = Lab::start().await;
    let mut client = lab.client().await;
    for (set, stands) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_write", "on"),
        ("on", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        client.batch_execute(&format!("SET synchronous_commit = {set}")).await.unwrap();
        let mut transaction = client.transaction().await.unwrap();
        lab.log.append_within(&mut transaction, append(1)).await.unwrap();
        assert_eq!(text(&transaction, "SHOW synchronous_commit").await, stands, "{set}");
        transaction.commit().await.unwrap();
        assert_eq!(shown(&client, "synchronous_commit").await, set);
    }
    // What is stricter than what an append asks for stays.
    for (set, stands) in [("0", "3s"), ("1min", "3s"), ("3000", "3s"), ("800ms", "800ms"), ("1s", "1s")] {
        for name in ["idle_in_transaction_session_timeout", "statement_timeout"] {
            client.batch_execute(&format!("SET {name} = '{set}'")).await.unwrap();
            let mut transaction = client.transaction().await.unwrap();
            lab.log.append_within(&mut transaction, append(1)).await.unwrap();
            assert_eq!(text(&transaction, &format!("SHOW {name}")).await, stands, "{name} = {set}");
            transaction.commit().await.unwrap();
            client.batch_execute(&format!("RESET {name}")).await.unwrap();
        }
    }
}

/// Poolers discard what is prepared, and give a connection to somebody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_prepared_may_be_gone() {
    let lab = Lab::start().await;
    let mut client = lab.client().await;
    for (turn, discard) in (0..).zip(["SELECT", "DEALLOCATE ALL", "DISCARD ALL", "SELECT"]) {
        client.batch_execute(discard).await.unwrap();
        let mut transaction = client.transaction().await.unwrap();
        put(&transaction, turn).await;
        let appended = lab.log.append_within(&mut transaction, append(turn)).await.unwrap();
        assert_eq!(appended.position, turn + 1);
        transaction.commit().await.unwrap();
    }
    lab.assert_sound(4).await;
}
