//! What stands beside the APIs.

use crate::site::Site;

#[tokio::test]
async fn health_readiness_and_index_are_there() {
    let site = Site::open().await;
    let health = site.get("/healthz").await.json();
    assert_eq!(
        (health["status"].as_str(), health["process"].as_u64()),
        (Some("ok"), Some(std::process::id().into()))
    );
    assert_eq!(site.get("/readyz").await.json()["status"], "ready");
    let index = site.get("/").await;
    assert_eq!(index.header("content-type"), "text/plain; charset=utf-8");
    for line in [
        "POST /api/lending/commands/BuyBook",
        "GET  /api/lending/views/books",
        "GET  /api/lending/queries/get_book",
    ] {
        assert!(index.body.contains(line), "{}", index.body);
    }
}

#[tokio::test]
async fn every_problem_has_its_page_and_the_domains_too() {
    let site = Site::open().await;
    let all = site.get("/errors").await.json();
    for entry in all.as_array().expect("a list") {
        let page = site.get(entry["page"].as_str().expect("a path")).await;
        assert_eq!(page.status, 200);
        assert!(page.body.starts_with(&format!("# {}", entry["code"].as_str().expect("a code"))));
    }
    let own = site.get("/errors/lending.book.on-loan").await;
    assert!(own.body.starts_with("# lending.book.on-loan (422)"), "{}", own.body);
    assert_eq!(site.get("/errors/none-such").await.status, 404);
}

#[tokio::test]
async fn metrics_show_how_every_view_stands() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    site.command("ScribbleNotes", r#"{"book_id":"b1"}"#).await;
    site.settle().await;
    let metrics = site.get("/metrics").await.body;
    for line in [
        "watershed_view_position{context=\"lending\",view=\"books\"} 2",
        "watershed_view_parked_keys{context=\"lending\",view=\"books\"} 1",
        "watershed_view_bound_seconds{context=\"lending\",view=\"books\"} 2",
        "watershed_view_within_bound{context=\"lending\",view=\"books\"} 1",
        "watershed_log_head_position{context=\"lending\"} 2",
        "watershed_http_watches 0",
        "# TYPE watershed_view_lag_seconds gauge",
    ] {
        assert!(metrics.contains(line), "{line} is not in\n{metrics}");
    }
}
