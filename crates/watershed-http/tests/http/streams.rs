//! What happened to one thing.

use crate::site::Site;

#[tokio::test]
async fn the_audit_trail_is_paged_by_version() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    for round in 0..4 {
        let lend = format!(r#"{{"book_id":"b1","reader":"Jane","due":"2025-01-31","slip":"s{round}"}}"#);
        site.command("LendBook", &lend).await;
        site.command("ReturnBook", r#"{"book_id":"b1"}"#).await;
    }
    let first = site.get("/api/lending/streams/book/b1?limit=5").await.json();
    assert_eq!(first["stream"], "book/b1");
    assert_eq!(first["events"].as_array().map(Vec::len), Some(5));
    assert_eq!(first["next"], 5);
    let event = &first["events"][1];
    assert_eq!((event["version"].as_u64(), event["name"].as_str()), (Some(2), Some("lending.book.lent")));
    assert_eq!(event["data"]["slip"], "s0");
    assert_eq!(event["tags"], serde_json::json!(["slip:s0"]));
    let rest = site.get("/api/lending/streams/book/b1?after=5").await.json();
    assert_eq!(rest["events"].as_array().map(Vec::len), Some(4));
    assert_eq!(rest["next"], serde_json::Value::Null);
}

#[tokio::test]
async fn the_state_then_is_that_of_the_version_or_the_time() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.command("LendBook", r#"{"book_id":"b1","reader":"Jane","due":"2025-01-31","slip":"s1"}"#).await;
    site.command("ReturnBook", r#"{"book_id":"b1"}"#).await;
    let at = async |at: &str| site.get(&format!("/api/lending/streams/book/b1?at={at}")).await;
    let lent = at("2").await.json();
    assert_eq!((lent["version"].as_u64(), lent["state"]["lent"].as_bool()), (Some(2), Some(true)));
    assert_eq!(at("3").await.json()["state"]["lent"], false);
    let trail = site.get("/api/lending/streams/book/b1").await.json();
    let when = trail["events"][1]["recorded_at"].as_str().expect("a time").to_owned();
    assert_eq!(at(&when).await.json()["version"], 2);
    assert_eq!(at("2001-01-01T00:00:00Z").await.status, 404);
    assert_eq!(at("yesterday").await.json()["code"], "malformed-parameter");
}
