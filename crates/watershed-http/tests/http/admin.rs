//! What operators see and do.

use std::time::Duration;

use crate::client::request;
use crate::site::Site;

async fn wait_for(
    site: &Site,
    path: &str,
    reached: impl Fn(&serde_json::Value) -> bool,
) -> serde_json::Value {
    for _ in 0..200 {
        let answer = site.get(path).await.json();
        if reached(&answer) {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("never so: {}", site.get(path).await.body);
}

#[tokio::test]
async fn a_view_is_paused_resumed_and_rebuilt() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let views = site.get("/admin/lending/views").await.json();
    let view = &views["views"][0];
    assert_eq!(view["name"], "books");
    assert_eq!(view["owner"], "librarians");
    assert_eq!(view["status"], "running");
    assert_eq!(
        (view["position"].as_u64(), view["head"].as_u64(), view["parked"].as_u64()),
        (Some(1), Some(1), Some(0))
    );
    assert_eq!(site.post("/admin/lending/views/books/pause", "{}").await.json()["done"], "paused");
    wait_for(&site, "/admin/lending/views", |answer| answer["views"][0]["status"] == "paused").await;
    site.buy("b2", "1").await;
    assert_eq!(site.get("/api/lending/views/books/b2").await.status, 404);
    assert_eq!(site.post("/admin/lending/views/books/resume", "{}").await.status, 200);
    site.settle().await;
    assert_eq!(site.get("/api/lending/views/books/b2").await.status, 200);
    let edition = r#"context="lending",group="books",edition="1""#;
    let metrics = site.get("/metrics").await.body;
    for gauge in [
        format!("watershed_edition_lag_events{{{edition}}} 0"),
        format!("watershed_edition_parked_keys{{{edition}}} 0"),
        format!(
            "watershed_edition_info{{{edition},state=\"serving\",flag=\"serving\",status=\"running\"}} 1"
        ),
    ] {
        assert!(metrics.contains(&gauge), "{gauge} in {metrics}");
    }
    assert_eq!(site.post("/admin/lending/views/books/rebuild", "{}").await.status, 200);
    wait_for(&site, "/admin/lending/views", |answer| !answer["views"][0]["last_rebuild"].is_null()).await;
    assert_eq!(site.get("/api/lending/views/books/b2").await.status, 200);
    let checkpoints = site.get("/admin/lending/checkpoints").await.json();
    assert_eq!(checkpoints["checkpoints"].as_array().map(Vec::len), Some(1));
    let checkpoint = &checkpoints["checkpoints"][0];
    assert_eq!(checkpoint["projection_name"], "books");
    assert_eq!(checkpoint["views"], serde_json::json!(["books"]));
    for column in [
        "projection_name",
        "last_event_id",
        "last_event_version",
        "last_event_timestamp",
        "events_processed",
        "status",
        "last_error",
    ] {
        assert!(checkpoint.get(column).is_some(), "{column}: {checkpoint}");
    }
}

#[tokio::test]
async fn the_number_of_a_views_workers_is_set_shown_and_within_bounds() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    let path = "/admin/lending/views/books/workers";
    assert_eq!(site.get("/admin/lending/views").await.json()["views"][0]["workers"], 1);
    let set = site.post(path, r#"{"workers": 3}"#).await;
    assert_eq!((set.status, set.json()), (200, serde_json::json!({ "view": "books", "workers": 3 })));
    wait_for(&site, "/admin/lending/views", |answer| answer["views"][0]["workers"] == 3).await;
    let metrics = site.get("/metrics").await.body;
    assert!(metrics.contains("watershed_view_workers{context=\"lending\",view=\"books\"} 3"), "{metrics}");
    for wrong in [r#"{"workers": 0}"#, r#"{"workers": 17}"#, r#"{"workers": 70000}"#] {
        let refused = site.post(path, wrong).await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_str()),
            (400, Some("malformed-body")),
            "{wrong}"
        );
        let field = &refused.json()["errors"][0];
        assert_eq!(field["field"], "workers", "{wrong}");
        assert!(field.to_string().contains("1 to 16"), "{field}");
    }
    for wrong in ["{}", r#"{"workers": -1}"#, r#"{"workers": "2"}"#, r#"{"workers": 2, "worker": 3}"#] {
        assert_eq!(site.post(path, wrong).await.json()["code"], "malformed-body", "{wrong}");
    }
    let unknown = site.post("/admin/lending/views/cds/workers", r#"{"workers": 2}"#).await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (404, Some("unknown-view")));
    assert_eq!(site.get(path).await.status, 405);
    site.buy("b2", "1").await;
    site.settle().await;
    assert_eq!(site.get("/api/lending/views/books/b2").await.status, 200, "it is folded as before");
    assert_eq!(site.get("/admin/lending/views").await.json()["views"][0]["workers"], 3);
}

#[tokio::test]
async fn a_parked_key_is_seen_tried_again_and_skipped_by_its_position_only() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.command("ScribbleNotes", r#"{"book_id":"b1"}"#).await;
    site.command("ScribbleNotes", r#"{"book_id":"b1"}"#).await;
    let parked =
        wait_for(&site, "/admin/lending/parked", |answer| answer["parked"][0]["waiting"].as_u64() == Some(2))
            .await;
    let entry = &parked["parked"][0];
    assert_eq!((entry["view"].as_str(), entry["key"].as_str()), (Some("books"), Some("b1")));
    assert_eq!(
        (entry["position"].as_u64(), entry["error"].as_str()),
        (Some(2), Some("nobody can read that"))
    );
    let row = site.get("/api/lending/views/books/b1").await;
    assert_eq!(row.header("watershed-stale"), "true");
    assert_eq!(site.get("/api/lending/views/books").await.header("watershed-parked"), "1");

    let retried = site.post("/admin/lending/parked/retry", r#"{"view":"books","key":"b1"}"#).await.json();
    assert_eq!((retried["outcome"].as_str(), retried["position"].as_u64()), (Some("still-parked"), Some(2)));
    let skip = |position: u64| format!(r#"{{"view":"books","key":"b1","position":{position}}}"#);
    let wrong = site.post("/admin/lending/parked/skip", &skip(3)).await;
    assert_eq!((wrong.status, wrong.json()["code"].as_str()), (409, Some("parked-moved")));
    let first = site.post("/admin/lending/parked/skip", &skip(2)).await.json();
    assert_eq!((first["outcome"].as_str(), first["position"].as_u64()), (Some("still-parked"), Some(3)));
    let second = site.post("/admin/lending/parked/skip", &skip(3)).await.json();
    assert_eq!(second["outcome"], "released");
    let gone = site.post("/admin/lending/parked/skip", &skip(3)).await;
    assert_eq!((gone.status, gone.json()["code"].as_str()), (404, Some("not-parked")));
    assert_eq!(site.get("/admin/lending/parked?view=books").await.json()["parked"], serde_json::json!([]));
}

#[tokio::test]
async fn all_keys_that_are_parked_for_one_cause_are_tried_again_at_once() {
    let site = Site::open().await;
    for book in ["b1", "b2", "b3"] {
        site.buy(book, "1").await;
        site.command("ScribbleNotes", &format!(r#"{{"book_id":"{book}"}}"#)).await;
    }
    let parked = wait_for(&site, "/admin/lending/parked", |answer| {
        answer["parked"].as_array().is_some_and(|parked| parked.len() == 3)
    })
    .await;
    let cause = parked["parked"][0]["fingerprint"].as_str().expect("a fingerprint").to_owned();
    assert!(parked["parked"].as_array().expect("a list").iter().all(|entry| entry["fingerprint"] == cause));
    let retry =
        |fingerprint: &str| serde_json::json!({ "view": "books", "fingerprint": fingerprint }).to_string();
    let retried = site.post("/admin/lending/parked/retry", &retry(&cause)).await.json();
    assert_eq!((retried["released"].as_u64(), retried["still_parked"].as_u64()), (Some(0), Some(3)));
    let none = site.post("/admin/lending/parked/retry", &retry("another")).await;
    assert_eq!((none.status, none.json()["code"].as_str()), (404, Some("not-parked")));
    let both = r#"{"view":"books","key":"b1","fingerprint":"x"}"#;
    assert_eq!(site.post("/admin/lending/parked/retry", both).await.json()["errors"][0]["field"], "key");
}

#[tokio::test]
async fn the_log_is_read_and_verified() {
    let site = Site::open().await;
    for number in 0..5 {
        site.buy(&format!("b{number}"), "1").await;
    }
    let page = site.get("/admin/lending/events?after=1&limit=2").await.json();
    assert_eq!((page["next"].as_u64(), page["head"].as_u64()), (Some(3), Some(5)));
    assert_eq!(page["events"][0]["stream"], "book/b1");
    let log = site.get("/admin/lending/log").await.json();
    assert_eq!((log["epoch"].as_u64().is_some(), log["head"].as_u64()), (true, Some(5)));
    assert_eq!(log["store"][0]["name"], "health");
    let verified = site.get("/admin/lending/log/verify").await.json();
    assert_eq!((verified["sound"].as_bool(), verified["position"].as_u64()), (Some(true), Some(5)));
    assert_eq!(verified["link"].as_str().map(str::len), Some(64));

    let mut client = site.client().await;
    client
        .send(&request("GET", "/admin/lending/log/verify", &[("accept", "application/x-ndjson")], None))
        .await;
    assert_eq!(client.head().await.header("content-type"), "application/x-ndjson");
    assert!(client.until("\"sound\":true").await.contains("\"done\":5,\"total\":5"));
}

#[tokio::test]
async fn a_change_without_a_json_body_is_refused_as_a_web_page_could_send_it() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    site.settle().await;
    let form =
        site.post_with("/admin/lending/views/books/pause", &[("content-type", "text/plain")], "{}").await;
    assert_eq!((form.status, form.json()["code"].as_str()), (415, Some("unsupported-media-type")));
    let bare = site.post_with("/admin/lending/views/books/pause", &[], "").await;
    assert_eq!(bare.status, 415);
    assert_eq!(site.get("/admin/lending/views").await.json()["views"][0]["status"], "running");
    let body = site.post("/admin/lending/parked/retry", r#"{"view":"books"}"#).await;
    assert_eq!(body.json()["errors"][0]["field"], "key");
    assert_eq!(site.post("/admin/lending/views/cds/pause", "{}").await.json()["code"], "unknown-view");
}

#[tokio::test]
async fn editions_are_listed_and_steps_that_do_not_fit_are_refused() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let editions = site.get("/admin/lending/editions?view=books").await.json();
    let edition = &editions["editions"][0];
    assert_eq!((edition["group"].as_str(), edition["edition"].as_u64()), (Some("books"), Some(1)));
    assert_eq!((edition["state"].as_str(), edition["flag"].as_str()), (Some("serving"), Some("serving")));
    for step in ["backfill", "verify", "cutover", "rollback", "retire"] {
        let refused = site.post(&format!("/admin/lending/views/books/{step}"), "{}").await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (409, Some("wrong-state")), "{step}");
        let unknown = site.post(&format!("/admin/lending/views/books/{step}"), "{\"edition\": 7}").await;
        assert_eq!((unknown.status, unknown.json()["code"].as_str()), (404, Some("no-edition")), "{step}");
        let nothing = site.post(&format!("/admin/lending/views/none/{step}"), "{}").await;
        assert_eq!((nothing.status, nothing.json()["code"].as_str()), (404, Some("unknown-view")), "{step}");
        let malformed = site.post(&format!("/admin/lending/views/books/{step}"), "{\"editon\": 1}").await;
        assert_eq!((malformed.status, malformed.json()["code"].as_str()), (400, Some("malformed-body")));
    }
    assert!(site.get("/admin/lending/views/books/verification").await.json()["verification"].is_null());
}

#[tokio::test]
async fn a_view_is_switched_off_and_on() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let flag = |flag: &str| format!("{{\"flag\": \"{flag}\"}}");
    assert_eq!(site.post("/admin/lending/views/books/flag", &flag("off")).await.json()["done"], "off");
    let off = site.get("/api/lending/views/books/b1").await;
    assert_eq!((off.status, off.json()["code"].as_str()), (404, Some("view-off")));
    assert_eq!(site.post("/admin/lending/views/books/flag", &flag("none")).await.status, 400);
    assert_eq!(site.post("/admin/lending/views/books/flag", &flag("serving")).await.status, 200);
    assert_eq!(site.get("/api/lending/views/books/b1").await.status, 200);
}
