//! What bad input gets: a problem document that names the field, and nothing written.

use serde_json::json;

use crate::client::Response;
use crate::site::{JSON, Site};

const BUY: &str = "/api/lending/commands/BuyBook";
const BOOK: &str = r#"{"book_id":"b1","title":"Emma","price":"9.50","shelf":"novels"}"#;

/// Checks that the response is a whole problem document, and gives its status, code and first field.
fn problem(response: &Response) -> (u16, String, String) {
    assert_eq!(response.header("content-type"), "application/problem+json", "{response:?}");
    let document = response.json();
    let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
    assert_eq!(document["status"], response.status);
    assert_eq!(text("type"), format!("/errors/{}", text("code")));
    assert!(
        !text("title").is_empty() && !text("detail").is_empty() && !text("instance").is_empty(),
        "{document}"
    );
    assert!(document["retryable"].is_boolean());
    (response.status, text("code"), document["errors"][0]["field"].as_str().unwrap_or_default().to_owned())
}

fn is(response: &Response, status: u16, code: &str, field: &str) {
    assert_eq!(problem(response), (status, code.to_owned(), field.to_owned()), "{}", response.body);
}

#[tokio::test]
async fn one_problem_document_in_full() {
    let site = Site::open().await;
    let response = site.post(BUY, r#"{"book_id":"b1","title":"Emma","price":"0","shelf":"novels"}"#).await;
    let expected = json!({
        "type": "/errors/lending.book.price-not-positive",
        "title": "The domain refuses",
        "status": 422,
        "detail": "a book costs something",
        "instance": BUY,
        "code": "lending.book.price-not-positive",
        "retryable": false,
        "errors": [{ "field": "price", "detail": "a book costs something" }],
    });
    assert_eq!(response.json(), expected);
    assert_eq!(response.header("cache-control"), "no-store");
}

#[tokio::test]
async fn a_body_that_is_not_the_command_writes_nothing() {
    let site = Site::open().await;
    for (body, field) in [
        ("", "body"),
        ("{", "body"),
        ("[]", "body"),
        ("null", "body"),
        ("\u{0}", "body"),
        (r#"{"book_id":"b1","title":"Emma","price":"9.50","shelf":"novels"} trailing"#, "body"),
        (r#"{"book_id":"b1","price":"9.50","shelf":"novels"}"#, "title"),
        (r#"{"book_id":"b1","title":"Emma","price":"9.50","shelf":"novels","colour":"red"}"#, "colour"),
        (r#"{"book_id":7,"title":"Emma","price":"9.50","shelf":"novels"}"#, "book_id"),
        (r#"{"book_id":"b1","title":"Emma","price":"dear","shelf":"novels"}"#, "price"),
        (r#"{"book_id":"b1","title":"Emma","price":"9.50","shelf":"poems"}"#, "shelf"),
    ] {
        is(&site.post(BUY, body).await, 400, "malformed-body", field);
    }
    let broken = site.client().await.ask("POST", BUY, &[JSON], Some(b"{\"title\":\"\xff\xfe\"}")).await;
    assert_eq!(problem(&broken).0, 400);
    assert_eq!(site.running.head(), 0);
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let site = Site::open().await;
    is(&site.post("/api/lending/commands/EatBook", "{}").await, 404, "unknown-command", "");
    is(&site.post("/api/club/commands/BuyBook", BOOK).await, 404, "unknown-context", "");
    is(&site.get("/api/lending/views/cds").await, 404, "unknown-view", "");
    is(&site.get("/api/lending/views/cds/1").await, 404, "unknown-view", "");
    is(&site.get("/api/lending/views/cds/1/watch").await, 404, "unknown-view", "");
    is(&site.get("/api/lending/queries/none").await, 404, "unknown-query", "");
    is(&site.get("/api/lending/views/books/b9").await, 404, "no-such-row", "");
    is(&site.get("/api/lending/streams/book/b9").await, 404, "no-such-stream", "");
    is(&site.get("/api/lending/streams/cd/b9").await, 404, "no-such-stream", "");
    is(&site.get("/api/lending/streams/cd/b9?at=1").await, 404, "no-such-stream", "");
    is(&site.get("/nowhere").await, 404, "not-found", "");
    is(&site.get("/admin/lending/nothing").await, 404, "not-found", "");
    is(&site.get("/api/lending/views/books/%ff").await, 400, "malformed-path", "");
    let get = site.get(BUY).await;
    is(&get, 405, "method-not-allowed", "");
    assert_eq!(get.header("allow"), "POST");
    let delete = site.client().await.ask("DELETE", "/api/lending/views/books/b1", &[], None).await;
    is(&delete, 405, "method-not-allowed", "");
    assert_eq!(delete.header("allow"), "GET, HEAD");
}

#[tokio::test]
async fn a_filter_sort_or_page_that_cannot_be_is_named() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    site.settle().await;
    for (query, field) in [
        ("colour=red", "colour"),
        ("title=Emma", "title"),
        ("due=2025-01-31", "due"),
        ("last_reader=Jane", "last_reader"),
        ("price.like=1", "price"),
        ("price.=1", "price"),
        ("price=dear", "price"),
        ("loans.gte=many", "loans"),
        ("loans.null=perhaps", "loans"),
        ("price.contains=1", "price"),
        ("sort=colour", "colour"),
        ("sort=", "sort"),
        ("sort=price,,loans", "sort"),
        ("sort=price&sort=loans", "sort"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=-1", "limit"),
        ("limit=all", "limit"),
        ("price=%ff", "price"),
        ("%ff=1", "%ff"),
    ] {
        let response = site.get(&format!("/api/lending/views/books?{query}")).await;
        is(&response, 400, "malformed-parameter", field);
    }
    is(&site.get("/api/lending/queries/dear_books").await, 400, "malformed-parameter", "least");
    is(&site.get("/api/lending/queries/dear_books?least=1&most=2").await, 400, "malformed-parameter", "most");
    is(&site.get("/api/lending/queries/dear_books?least=dear").await, 400, "malformed-parameter", "least");
    is(&site.get("/api/lending/views/books/b1?limit=1").await, 400, "malformed-parameter", "limit");
    is(&site.get("/api/lending/streams/book/b1?limit=0").await, 400, "malformed-parameter", "limit");
    is(&site.get("/api/lending/streams/book/b1?until=3").await, 400, "malformed-parameter", "until");
}

#[tokio::test]
async fn a_cursor_of_another_question_or_none_at_all_is_refused() {
    let site = Site::open().await;
    for number in 0..3 {
        site.buy(&format!("b{number}"), "1").await;
    }
    site.settle().await;
    let page = site.get("/api/lending/views/books?limit=1").await.json();
    let next = page["next"].as_str().expect("more").to_owned();
    for query in [
        "after=nonsense".to_owned(),
        "after=".to_owned(),
        format!("sort=-price&after={next}"),
        format!("shelf=novels&after={next}"),
        format!("after={}", &next[..next.len() - 4]),
    ] {
        is(&site.get(&format!("/api/lending/views/books?limit=1&{query}")).await, 400, "bad-cursor", "after");
    }
    is(
        &site.get(&format!("/api/lending/queries/dear_books?least=0&after={next}")).await,
        400,
        "bad-cursor",
        "after",
    );
}

#[tokio::test]
async fn a_token_that_is_none_or_of_another_log_is_refused() {
    let (site, other) = (Site::open().await, Site::open().await);
    site.buy("b1", "1").await;
    let foreign = other.buy("b1", "1").await["token"].as_str().expect("a token").to_owned();
    let path = "/api/lending/views/books/b1";
    for token in ["nonsense", "", &foreign[1..]] {
        is(&site.get_with(path, &[("Watershed-Token", token)]).await, 400, "bad-token", "Watershed-Token");
    }
    is(&site.get_with(path, &[("Watershed-Token", &foreign)]).await, 400, "foreign-token", "Watershed-Token");
    let header = [("Watershed-On-Stale", "perhaps")];
    is(&site.get_with(path, &header).await, 400, "malformed-header", "Watershed-On-Stale");
}

#[tokio::test]
async fn an_id_or_a_key_that_is_too_long_or_empty_is_refused() {
    let site = Site::open().await;
    let long = "x".repeat(10_000);
    let with_id = |id: &str| BOOK.replace("\"b1\"", &serde_json::to_string(id).expect("JSON"));
    is(&site.post(BUY, &with_id(&long)).await, 400, "bad-id", "book_id");
    is(&site.post(BUY, &with_id("a\nb")).await, 400, "bad-id", "book_id");
    is(&site.post("/api/lending/commands/LoseBook", r#"{"book_id":""}"#).await, 400, "bad-id", "book_id");
    for key in [long.as_str(), "\"\""] {
        let response = site.post_with(BUY, &[JSON, ("Idempotency-Key", key)], BOOK).await;
        is(&response, 400, "bad-idempotency-key", "Idempotency-Key");
    }
    for key in ["\"half", "\"a\"b\""] {
        let response = site.post_with(BUY, &[JSON, ("Idempotency-Key", key)], BOOK).await;
        is(&response, 400, "malformed-header", "Idempotency-Key");
    }
    is(&site.get(&format!("/api/lending/views/books/{long}")).await, 400, "bad-id", "key");
    is(&site.get(&format!("/api/lending/streams/book/{long}")).await, 400, "bad-id", "key");
    is(&site.get("/api/lending/views/books/a%00b").await, 400, "bad-id", "key");
    assert_eq!(site.running.head(), 0);
}

#[tokio::test]
async fn a_header_that_is_not_understood_is_refused_rather_than_passed_over() {
    let site = Site::open().await;
    for (header, field) in [
        (("If-Match", "three"), "If-Match"),
        (("If-Match", "*"), "If-Match"),
        (("If-Match", "\"1\", \"2\""), "If-Match"),
        (("If-Match", "W/\"1\""), "If-Match"),
        (("If-None-Match", "\"1\""), "If-None-Match"),
        (("X-Correlation-Id", ""), "X-Correlation-Id"),
    ] {
        is(&site.post_with(BUY, &[JSON, header], BOOK).await, 400, "malformed-header", field);
    }
    let both = [JSON, ("If-Match", "\"1\""), ("If-None-Match", "*")];
    is(&site.post_with(BUY, &both, BOOK).await, 400, "malformed-header", "If-None-Match");
    let twice = [JSON, ("Idempotency-Key", "a"), ("Idempotency-Key", "b")];
    is(&site.post_with(BUY, &twice, BOOK).await, 400, "malformed-header", "Idempotency-Key");
    let path = "/api/lending/views/books/b1/watch";
    is(&site.get_with(path, &[("Last-Event-ID", "last")]).await, 400, "malformed-header", "Last-Event-ID");
    assert_eq!(site.running.head(), 0);
}

#[tokio::test]
async fn a_body_that_is_not_plain_json_is_refused() {
    let site = Site::open().await;
    for headers in [&[][..], &[("content-type", "text/plain")], &[("content-type", "application/jsonp")]] {
        is(&site.post_with(BUY, headers, BOOK).await, 415, "unsupported-media-type", "Content-Type");
    }
    let zipped = [JSON, ("content-encoding", "gzip")];
    is(&site.post_with(BUY, &zipped, BOOK).await, 415, "unsupported-media-type", "Content-Encoding");
    assert_eq!(site.running.head(), 0);
    let charset = [("content-type", "Application/JSON; charset=utf-8")];
    assert_eq!(site.post_with(BUY, &charset, BOOK).await.status, 200);
}

#[tokio::test]
async fn what_the_domain_or_the_log_refuses_is_told_apart() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    let lend =
        |slip: &str| format!(r#"{{"book_id":"b1","reader":"Jane","due":"2025-01-31","slip":"{slip}"}}"#);
    let path = "/api/lending/commands/LendBook";
    site.command("LendBook", &lend("s1")).await;
    is(&site.post(path, &lend("s2")).await, 422, "lending.book.on-loan", "");
    site.command("ReturnBook", r#"{"book_id":"b1"}"#).await;
    is(&site.post(path, &lend("s1")).await, 422, "tag-taken", "slip");
    let key = [JSON, ("Idempotency-Key", "k1")];
    assert_eq!(site.post_with(path, &key, &lend("s3")).await.status, 200);
    is(&site.post_with(path, &key, &lend("s4")).await, 422, "key-reused", "Idempotency-Key");
    is(
        &site.post_with(path, &[JSON, ("If-Match", "\"1\"")], &lend("s5")).await,
        412,
        "version-mismatch",
        "If-Match",
    );
    is(
        &site.post_with(BUY, &[JSON, ("If-None-Match", "*")], BOOK).await,
        412,
        "version-mismatch",
        "If-Match",
    );
    assert_eq!(site.running.head(), 4);
}
