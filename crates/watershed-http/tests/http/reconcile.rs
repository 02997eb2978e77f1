//! What every view promises, and rows that are not what they should be.

use std::process::Command;

use serde_json::json;

use crate::site::Site;

/// Has the `sqlite3` shell do that to the rows of the books.
fn tamper(site: &Site, sql: &str) {
    let file = site.folder.path().join("views/books.db");
    let shell = Command::new("sqlite3").arg(file).arg(format!("PRAGMA busy_timeout=5000; {sql}")).output();
    let output = shell.unwrap_or_else(|error| panic!("no sqlite3 shell, which this test needs: {error}"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn rows_that_were_changed_by_hand_are_found_told_everywhere_and_put_right() {
    let site = Site::open().await;
    for book in ["b1", "b2", "b3"] {
        site.buy(book, "9.50").await;
    }
    site.settle().await;
    let look = |body: &'static str| site.post("/admin/lending/views/books/reconcile", body);
    let clean = look("{}").await.json();
    assert_eq!(
        (clean["drift"].as_u64(), clean["rows"].as_u64(), clean["how"].as_str()),
        (Some(0), Some(3), Some("offline"))
    );
    assert_eq!(site.get("/healthz").await.json()["broken"], json!({}));
    assert!(!site.get("/api/lending/views/books/b1").await.headers.contains_key("watershed-drift"));

    tamper(&site, "UPDATE books SET price = '1' WHERE book_id = 'b1'");
    tamper(&site, "DELETE FROM books WHERE book_id = 'b2'");
    let found = look(r#"{"sample":100}"#).await.json();
    let row = &found["views"][0]["rows"][0];
    assert_eq!(
        (found["drift"].as_u64(), row["key"].as_str(), row["kind"].as_str()),
        (Some(2), Some("b1"), Some("edited"))
    );
    assert_eq!(row["fields"][0], json!({ "field": "price", "stored": "1", "expected": "9.5" }));

    let known = site.get("/admin/lending/drift?view=books").await.json();
    assert_eq!(
        (known["drift"][0]["drift"].as_u64(), known["drift"][0]["rows"][1]["kind"].as_str()),
        (Some(2), Some("missing"))
    );
    assert!(known["drift"][0]["since"].is_string());
    let health = site.get("/healthz").await.json();
    assert_eq!(
        (health["status"].as_str(), health["broken"]["lending"][0]["view"].as_str()),
        (Some("ok"), Some("books"))
    );
    let metrics = site.get("/metrics").await.body;
    for line in [
        "watershed_view_drift{context=\"lending\",view=\"books\"} 2",
        "watershed_view_keeps_contract{context=\"lending\",view=\"books\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
    for path in [
        "/api/lending/views/books/b3",
        "/api/lending/views/books",
        "/api/lending/queries/get_book?book_id=b3",
    ] {
        assert_eq!(site.get(path).await.header("watershed-drift"), "2", "{path}");
    }

    let one = site.post("/admin/lending/views/books/repair", r#"{"key":"b2"}"#).await.json();
    assert_eq!((one["rows"].as_u64(), one["refolded"].as_u64()), (Some(1), Some(1)));
    assert_eq!(site.get("/api/lending/views/books/b2").await.status, 200);
    let rest = site.post("/admin/lending/views/books/repair", "{}").await.json();
    assert_eq!(rest["rows"].as_u64(), Some(1));
    assert_eq!(look("{}").await.json()["drift"].as_u64(), Some(0));
    assert_eq!(site.get("/healthz").await.json()["broken"], json!({}));
}

#[tokio::test]
async fn a_part_of_a_view_is_rebuilt_and_a_request_that_makes_no_sense_is_refused() {
    let site = Site::open().await;
    for book in ["b1", "b2", "b3"] {
        site.buy(book, "9.50").await;
    }
    site.settle().await;
    let rebuild = |body: &'static str| site.post("/admin/lending/views/books/rebuild", body);
    tamper(&site, "UPDATE books SET price = '1'");
    let key = rebuild(r#"{"key":"b1"}"#).await.json();
    assert_eq!((key["refolded"].as_u64(), key["rows"].as_u64()), (Some(1), Some(1)));
    let range = rebuild(r#"{"from":2,"to":2}"#).await.json();
    assert_eq!((range["refolded"].as_u64(), range["rows"].as_u64()), (Some(1), Some(1)));
    let none = rebuild(r#"{"since":"2990-01-01T00:00:00Z"}"#).await.json();
    assert_eq!(none["refolded"].as_u64(), Some(0));
    for (body, field) in
        [(r#"{"key":"b1","from":2}"#, "key"), (r#"{"form":2}"#, "form"), (r#"{"since":"yesterday"}"#, "body")]
    {
        let refused = rebuild(body).await;
        assert_eq!(
            (refused.status, refused.json()["errors"][0]["field"].as_str()),
            (400, Some(field)),
            "{body}"
        );
    }
    assert_eq!(site.post("/admin/lending/views/cds/reconcile", "{}").await.json()["code"], "unknown-view");
    assert_eq!(site.post("/admin/lending/views/books/reconcile", r#"{"all":1}"#).await.status, 400);
}

#[tokio::test]
async fn the_catalogue_says_what_every_view_promises_and_what_is_broken() {
    let site = Site::open().await;
    let contracts = site.get("/admin/lending/contracts").await.json();
    let expected = json!({
        "view": "books", "kind": "read-model", "version": 1, "owner": "librarians", "source": "the context's log",
        "freshness": "operational", "bound_ms": 2_000, "rebuild": "by key", "reconcile": "on request",
        "retention": "as long as the log", "journal": "1 d", "unknown": "park", "personal": false, "broken": [],
    });
    assert_eq!(contracts["contracts"], json!([expected]));
    site.buy("b1", "1").await;
    site.command("ScribbleNotes", r#"{"book_id":"b1"}"#).await;
    site.settle().await;
    let broken = site.get("/admin/lending/contracts").await.json()["contracts"][0]["broken"].clone();
    assert_eq!(broken, json!(["1 keys are parked"]));
}
