//! What whoever watches a row sees.

use std::time::Duration;

use crate::client::{Client, request};
use crate::site::Site;

const PATH: &str = "/api/lending/views/books/b1/watch";

async fn watch(site: &Site, headers: &[(&str, &str)]) -> Client {
    let mut client = site.client().await;
    client.send(&request("GET", PATH, headers, None)).await;
    let head = client.head().await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), "text/event-stream");
    client
}

/// Reads the next event, past heartbeats: its name, id and data.
async fn event(client: &mut Client) -> (String, u64, serde_json::Value) {
    client.until("event: ").await;
    let name = client.until("\n").await.trim().to_owned();
    client.until("id: ").await;
    let id = client.until("\n").await.trim().parse().expect("a position");
    client.until("data: ").await;
    let data = client.until("\n").await;
    (name, id, serde_json::from_str(&data).expect("JSON"))
}

const LEND: &str = r#"{"book_id":"b1","reader":"Jane","due":"2025-01-31","slip":"s1"}"#;

#[tokio::test]
async fn a_watch_tells_the_row_its_changes_and_that_it_is_gone() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let mut client = watch(&site, &[]).await;
    let (name, id, row) = event(&mut client).await;
    assert_eq!((name.as_str(), id, row["loans"].as_i64()), ("row", 1, Some(0)));
    site.buy("b2", "1").await;
    site.command("LendBook", LEND).await;
    let (name, id, row) = event(&mut client).await;
    assert_eq!((name.as_str(), row["loans"].as_i64()), ("row", Some(1)), "another book's change is not told");
    assert_eq!(id, 3);
    site.command("LoseBook", r#"{"book_id":"b1"}"#).await;
    let (name, id, row) = event(&mut client).await;
    assert_eq!((name.as_str(), id, row), ("gone", 4, serde_json::Value::Null));
    site.buy("b1", "3").await;
    assert_eq!(event(&mut client).await.0, "row");
}

#[tokio::test]
async fn a_silent_watch_is_kept_alive() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let mut client = watch(&site, &[]).await;
    event(&mut client).await;
    // Longer than the time that a connection may stay without a request.
    for _ in 0..5 {
        client.until(": still here").await;
    }
    site.command("LendBook", LEND).await;
    assert_eq!(event(&mut client).await.1, 2);
}

#[tokio::test]
async fn whoever_comes_back_sees_what_changed_meanwhile_and_nothing_where_nothing_did() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let mut client = watch(&site, &[]).await;
    let (_, seen, _) = event(&mut client).await;
    drop(client);
    let mut same = watch(&site, &[("Last-Event-ID", &seen.to_string())]).await;
    let silence = same.until("\n").await + &same.until("\n").await;
    assert!(!silence.contains("event"), "{silence:?}");
    drop(same);
    site.command("LendBook", LEND).await;
    site.settle().await;
    let mut client = watch(&site, &[("Last-Event-ID", &seen.to_string())]).await;
    let (name, id, row) = event(&mut client).await;
    assert_eq!((name.as_str(), id, row["loans"].as_i64()), ("row", 2, Some(1)));
}

#[tokio::test]
async fn a_parked_row_does_not_pass_for_a_fresh_one() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let mut client = watch(&site, &[]).await;
    event(&mut client).await;
    site.command("ScribbleNotes", r#"{"book_id":"b1"}"#).await;
    let (name, _, row) = event(&mut client).await;
    assert_eq!((name.as_str(), row["book_id"].as_str()), ("stale", Some("b1")));
    // No event comes, and it is told all the same that an operator has seen to it.
    let skipped = r#"{"view":"books","key":"b1","position":2}"#;
    assert_eq!(site.post("/admin/lending/parked/skip", skipped).await.status, 200);
    assert_eq!(event(&mut client).await.0, "row");
}

#[tokio::test]
async fn more_watches_than_allowed_are_turned_away_until_one_ends() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let first = watch(&site, &[]).await;
    let _second = watch(&site, &[]).await;
    let third = site.get(PATH).await;
    assert_eq!((third.status, third.json()["code"].as_str()), (429, Some("too-many-watches")));
    assert_eq!(third.header("retry-after"), "1");
    drop(first);
    for _ in 0..100 {
        let mut client = site.client().await;
        client.send(&request("GET", PATH, &[], None)).await;
        if client.head().await.status == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the seat of a watch that ended is never free again");
}

#[tokio::test]
async fn a_watch_ends_when_the_server_goes_down() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let mut client = watch(&site, &[]).await;
    event(&mut client).await;
    site.handle.stop();
    assert!(client.is_closed_within(Duration::from_secs(1)).await);
    site.serving.await.expect("no panic").expect("served");
}
