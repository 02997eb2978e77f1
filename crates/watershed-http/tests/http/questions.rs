//! What whoever asks can rely on.

use std::time::Duration;

use crate::site::Site;

#[tokio::test]
async fn a_receipts_token_shows_what_the_command_did() {
    let site = Site::open().await;
    for round in 0..30 {
        let receipt = site.buy(&format!("b{round}"), "5").await;
        let token = receipt["token"].as_str().expect("a token");
        let path = format!("/api/lending/views/books/b{round}");
        let row = site.get_with(&path, &[("Watershed-Token", token)]).await;
        assert_eq!(row.status, 200, "{}", row.body);
        assert!(row.header("watershed-position").parse::<u64>().expect("a position") > round);
    }
}

#[tokio::test]
async fn an_answer_says_how_fresh_it_is_and_what_the_view_promises() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let row = site.get("/api/lending/views/books/b1").await;
    assert_eq!(row.status, 200, "{}", row.body);
    let expected =
        r#"{"book_id":"b1","title":"Book b1","price":"9.5","shelf":"novels","loans":0,"due":null}"#;
    let parsed: serde_json::Value = serde_json::from_str(expected).expect("JSON");
    assert_eq!(row.json(), parsed, "the internal column is not shown");
    assert_eq!(row.header("watershed-position"), "1");
    assert_eq!(row.header("watershed-lag-ms"), "0");
    assert_eq!(row.header("watershed-plan"), "rows");
    assert_eq!(row.header("watershed-stale"), "false");
    assert_eq!(row.header("watershed-contract"), "operational; bound-ms=2000; owner=\"librarians\"");
    assert_eq!(row.header("cache-control"), "no-cache");
    assert!(!row.header("watershed-token").is_empty());
}

#[tokio::test]
async fn a_row_that_the_caller_has_is_not_sent_again() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let path = "/api/lending/views/books/b1";
    let tag = site.get(path).await.header("etag").to_owned();
    let again = site.get_with(path, &[("If-None-Match", &format!("\"other\", W/{tag}"))]).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    assert_eq!(again.header("etag"), tag);
    site.command("LendBook", r#"{"book_id":"b1","reader":"Jane","due":"2025-01-31","slip":"s1"}"#).await;
    site.settle().await;
    assert_eq!(site.get_with(path, &[("If-None-Match", &tag)]).await.status, 200);
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_paged() {
    let site = Site::open().await;
    for (number, price) in ["3", "10", "2.50", "7", "7"].iter().enumerate() {
        site.buy(&format!("b{number}"), price).await;
    }
    site.settle().await;
    let base = "/api/lending/views/books?price.gte=3&sort=-price,book_id&limit=2";
    let page = site.get(base).await;
    assert_eq!(page.header("watershed-parked"), "0");
    let page = page.json();
    let ids = |page: &serde_json::Value| -> Vec<String> {
        let rows = page["rows"].as_array().expect("rows").iter();
        rows.map(|row| row["book_id"].as_str().expect("an id").to_owned()).collect()
    };
    assert_eq!(ids(&page), ["b1", "b3"]);
    let next = page["next"].as_str().expect("more");
    let page = site.get(&format!("{base}&after={next}")).await.json();
    assert_eq!(ids(&page), ["b4", "b0"]);
    assert_eq!(page["next"], serde_json::Value::Null);
    let all =
        site.get("/api/lending/views/books?title.contains=BOOK+b1&shelf=novels&loans.in=0,4").await.json();
    assert_eq!(ids(&all), ["b1"]);
    assert_eq!(ids(&site.get("/api/lending/views/books?shelf=travel").await.json()), [""; 0]);
}

#[tokio::test]
async fn a_named_question_is_asked_with_its_parameters() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.buy("b2", "20").await;
    site.settle().await;
    let dear = site.get("/api/lending/queries/dear_books?least=10").await;
    assert_eq!(dear.json()["rows"][0]["book_id"], "b2");
    assert!(dear.headers.contains_key("watershed-contract"));
    let one = site.get("/api/lending/queries/get_book?book_id=b1").await;
    assert_eq!(one.json()["price"], "9.5");
    let none = site.get("/api/lending/queries/get_book?book_id=b9").await;
    assert_eq!((none.status, none.json()["code"].as_str()), (404, Some("no-such-row")));
}

#[tokio::test]
async fn a_token_ahead_of_the_rows_is_waited_for_then_refused_or_served_marked() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    assert_eq!(site.post("/admin/lending/views/books/pause", "{}").await.status, 200);
    tokio::time::sleep(Duration::from_millis(100)).await;
    let receipt = site.command("LoseBook", r#"{"book_id":"b1"}"#).await;
    let token = receipt["token"].as_str().expect("a token");

    let list = site.get_with("/api/lending/views/books", &[("Watershed-Token", token)]).await;
    assert_eq!((list.status, list.json()["code"].as_str()), (504, Some("not-reached")));
    assert_eq!(list.header("retry-after"), "1");
    let path = "/api/lending/views/books";
    let served = site.get_with(path, &[("Watershed-Token", token), ("Watershed-On-Stale", "serve")]).await;
    assert_eq!(served.status, 200);
    assert_eq!(served.header("watershed-stale"), "true");
    assert_eq!(served.header("watershed-plan"), "stale");
    let refused = site.get_with(path, &[("Watershed-Token", token), ("Watershed-On-Stale", "refuse")]).await;
    assert_eq!(refused.status, 504);
    // One row by its key is folded over the rows that stand: the lost book is gone.
    let row = site.get_with("/api/lending/views/books/b1", &[("Watershed-Token", token)]).await;
    assert_eq!((row.status, row.header("watershed-plan")), (404, "tail-fold"));
}

#[tokio::test]
async fn head_answers_as_get_does_without_the_body() {
    let site = Site::open().await;
    site.buy("b1", "9.50").await;
    site.settle().await;
    let mut client = site.client().await;
    let head = client.ask("HEAD", "/api/lending/views/books/b1", &[], None).await;
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let get = client.ask("GET", "/api/lending/views/books/b1", &[], None).await;
    assert_eq!(head.header("content-length"), get.header("content-length"));
    assert_eq!(head.header("etag"), get.header("etag"));
}
