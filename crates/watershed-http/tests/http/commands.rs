//! What a command's sender can rely on.

use crate::site::{JSON, Site};

const BUY: &str = "/api/lending/commands/BuyBook";
const BOOK: &str = r#"{"book_id":"b1","title":"Emma","price":"9.50","shelf":"novels"}"#;

#[tokio::test]
async fn a_receipt_says_where_the_events_stand() {
    let site = Site::open().await;
    let response = site.post(BUY, BOOK).await;
    assert_eq!(response.status, 200, "{}", response.body);
    let receipt = response.json();
    assert_eq!(receipt["stream"], "book/b1");
    assert_eq!(receipt["id"], "b1");
    assert_eq!(receipt["version"], 1);
    assert_eq!(receipt["position"], 1);
    assert_eq!(receipt["events"], serde_json::json!(["lending.book.bought"]));
    assert_eq!(receipt["replayed"], false);
    assert_eq!(response.header("etag"), "\"1\"");
    assert_eq!(response.header("watershed-token"), receipt["token"].as_str().expect("a token"));
    assert_eq!(response.header("content-type"), "application/json");
    assert!(!response.headers.contains_key("idempotency-replayed"));
}

#[tokio::test]
async fn an_id_is_made_where_none_is_given() {
    let site = Site::open().await;
    let receipt = site.command("BuyBook", r#"{"title":"Emma","price":"9.50","shelf":"novels"}"#).await;
    let id = receipt["id"].as_str().expect("an id");
    assert_eq!(receipt["stream"], format!("book/{id}"));
    assert_eq!(id.len(), 36);
}

#[tokio::test]
async fn a_command_sent_twice_takes_effect_once_with_or_without_quotes_around_its_key() {
    let site = Site::open().await;
    let first = site.post_with(BUY, &[JSON, ("Idempotency-Key", "\"k-1\"")], BOOK).await;
    let again = site.post_with(BUY, &[JSON, ("Idempotency-Key", "k-1")], BOOK).await;
    assert_eq!((first.status, again.status), (200, 200));
    assert_eq!(again.header("idempotency-replayed"), "true");
    let (first, again) = (first.json(), again.json());
    assert_eq!(again["replayed"], true);
    for field in ["stream", "id", "version", "position", "events", "token"] {
        assert_eq!(first[field], again[field], "{field}");
    }
    assert_eq!(site.running.head(), 1);
}

#[tokio::test]
async fn a_version_that_was_seen_can_be_demanded() {
    let site = Site::open().await;
    let new = site.post_with(BUY, &[JSON, ("If-None-Match", "*")], BOOK).await;
    assert_eq!(new.status, 200, "{}", new.body);
    let lend = r#"{"book_id":"b1","reader":"Jane","due":"2025-01-31","slip":"s1"}"#;
    let seen = new.header("etag").to_owned();
    let lent = site.post_with("/api/lending/commands/LendBook", &[JSON, ("If-Match", &seen)], lend).await;
    assert_eq!(lent.status, 200, "{}", lent.body);
    assert_eq!(lent.header("etag"), "\"2\"");
}

#[tokio::test]
async fn what_a_caller_says_about_a_command_is_recorded_with_its_events() {
    let site = Site::open().await;
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = [JSON, ("X-Correlation-Id", "order 7"), ("traceparent", trace)];
    assert_eq!(site.post_with(BUY, &headers, BOOK).await.status, 200);
    let broken = [JSON, ("traceparent", "00-nonsense")];
    let other = BOOK.replace("b1", "b2");
    assert_eq!(site.post_with(BUY, &broken, &other).await.status, 200, "a broken trace counts for nothing");

    let trail = site.get("/api/lending/streams/book/b1").await.json();
    let event = &trail["events"][0];
    assert_eq!(event["correlation"], "order 7");
    assert_eq!(event["traceparent"], trace);
    assert_eq!(event["actor"], "anonymous");
    assert_eq!(event["tenant"], "default");
    let trail = site.get("/api/lending/streams/book/b2").await.json();
    assert!(trail["events"][0].get("traceparent").is_none());
}

#[tokio::test]
async fn a_tenant_in_a_header_is_not_believed() {
    let site = Site::open().await;
    assert_eq!(site.post_with(BUY, &[JSON, ("Watershed-Tenant", "other")], BOOK).await.status, 200);
    let trail = site.get_with("/api/lending/streams/book/b1", &[("Watershed-Tenant", "other")]).await.json();
    assert_eq!(trail["events"][0]["tenant"], "default");
}

#[tokio::test]
async fn many_requests_share_a_connection() {
    let site = Site::open().await;
    let mut client = site.client().await;
    for number in 0..50 {
        let body = BOOK.replace("b1", &format!("b{number}"));
        assert_eq!(client.ask("POST", BUY, &[JSON], Some(body.as_bytes())).await.status, 200);
    }
    assert_eq!(site.running.head(), 50);
}
