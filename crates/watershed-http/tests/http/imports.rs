//! Foreign records by the line: streamed in, counted, kept where they cannot be taken.

use std::time::Duration;

use watershed_http::Options;

use crate::client::{Response, request};
use crate::site::{Site, options};

const PATH: &str = "/api/lending/imports/slips";
const LINES: (&str, &str) = ("content-type", "application/x-ndjson");

async fn bring(site: &Site, path: &str, body: &str) -> Response {
    site.post_with(path, &[LINES], body).await
}

fn slip(slip: &str, book: &str) -> String {
    format!(r#"{{"slip":"{slip}","book":"{book}"}}"#)
}

/// A slip that brings the book back: any number of them is taken.
fn back(number: usize, book: &str) -> String {
    format!(r#"{{"slip":"back-{number}","book":"{book}","returned":true}}"#)
}

fn counts(answer: &Response) -> [u64; 5] {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let summary = answer.json();
    ["lines", "taken", "already_taken", "refused_lines", "malformed_lines"]
        .map(|field| summary[field].as_u64().unwrap_or_else(|| panic!("{field}: {}", answer.body)))
}

#[tokio::test]
async fn a_malformed_line_in_the_middle_is_told_with_its_number_and_the_rest_is_taken() {
    let site = Site::open().await;
    for book in ["b1", "b2", "b3"] {
        site.buy(book, "1").await;
    }
    let body = format!(
        "{}\r\n\n{}\n{}\n \n{}\n{}",
        slip("s1", "b1"),
        slip("s2", "b2").replace("\"book\"", "\"boook\""),
        slip("s1", "b1"),
        slip("s4", "nowhere"),
        slip("s5", "b3"),
    );
    let answer = bring(&site, &format!("{PATH}?source=monday.ndjson"), &body).await;
    assert_eq!(counts(&answer), [5, 2, 1, 1, 1]);
    let summary = answer.json();
    let malformed = &summary["malformed"][0];
    assert_eq!((malformed["line"].as_u64(), malformed["code"].as_str()), (Some(3), Some("malformed-line")));
    assert!(malformed["reason"].as_str().is_some_and(|reason| reason.contains("missing field `book`")));
    let refused = &summary["refused"][0];
    assert_eq!(
        (refused["line"].as_u64(), refused["code"].as_str()),
        (Some(6), Some("lending.book.not-there"))
    );
    // Who asks with its token sees it.
    let token = answer.header("watershed-token");
    let row = site.get_with("/api/lending/views/books/b3", &[("watershed-token", token)]).await;
    assert_eq!(row.json()["loans"], 1);
    // Every code has its page.
    for code in ["malformed-line", "line-too-long", "lending.book.not-there"] {
        assert_eq!(site.get(&format!("/errors/{code}")).await.status, 200, "{code}");
    }

    let kept = site.get("/admin/lending/imports/slips").await.json();
    assert_eq!((kept["kept"].as_u64(), kept["next"].is_null()), (Some(2), true));
    assert_eq!(kept["lines"][0]["source"], "monday.ndjson");
    assert_eq!(site.get("/admin/lending/imports").await.json()["imports"][0]["kept"], 2);
    let metrics = site.get("/metrics").await.body;
    let gauge = "watershed_import_kept_lines{context=\"lending\",import=\"slips\"} 2";
    assert!(metrics.contains(gauge), "{metrics}");
    let number = refused["kept"].as_u64().expect("a number");
    let one = site.get(&format!("/admin/lending/imports/slips/{number}")).await.json();
    assert_eq!(one["content"], slip("s4", "nowhere"));
    site.buy("nowhere", "1").await;
    let which = format!("{{\"number\":{number}}}");
    let tried = site.post("/admin/lending/imports/slips/retry", &which).await;
    assert_eq!(tried.json()["outcome"], "taken");
    let gone = site.post("/admin/lending/imports/slips/retry", &which).await;
    assert_eq!((gone.status, gone.json()["code"].as_str()), (404, Some("no-such-line")));
    let number = malformed["kept"].as_u64().expect("a number");
    let discarded =
        site.post("/admin/lending/imports/slips/discard", &format!("{{\"number\":{number}}}")).await;
    assert_eq!(discarded.json()["outcome"], "discarded");
    assert_eq!(site.get("/admin/lending/imports").await.json()["imports"][0]["kept"], 0);
}

#[tokio::test]
async fn a_line_over_the_limit_is_passed_over_and_a_batch_over_it_is_taken() {
    let site = Site::with(Options { max_body: 4 << 10, ..options() }).await;
    site.buy("b1", "1").await;
    let mut lines: Vec<String> = (0..2_000).map(|number| back(number, "b1")).collect();
    lines[1_000] = format!("{{\"slip\":\"{}\"}}", "x".repeat(200_000));
    lines[1_500] = format!("{}1{}", "[".repeat(65), "]".repeat(65));
    let body = lines.join("\n");
    let answer = bring(&site, PATH, &body).await;
    assert_eq!(counts(&answer), [2_000, 1_998, 0, 0, 2]);
    let malformed = answer.json()["malformed"].clone();
    assert_eq!(malformed[0]["line"], 1_001);
    assert_eq!(malformed[0]["code"], "line-too-long");
    assert_eq!(
        (malformed[1]["line"].as_u64(), malformed[1]["code"].as_str()),
        (Some(1_501), Some("nested-too-deep"))
    );
    let kept = site.get("/admin/lending/imports/slips").await.json();
    let long = kept["lines"].as_array().and_then(|lines| lines.iter().find(|line| line["line"] == 1_001));
    assert_eq!(long.expect("kept")["bytes"], 200_011);
    // The part that is kept is no whole line: it cannot be tried again.
    let number = malformed[0]["kept"].clone();
    let tried = site.post("/admin/lending/imports/slips/retry", &format!("{{\"number\":{number}}}")).await;
    assert_eq!(
        (tried.json()["outcome"].as_str(), tried.json()["code"].as_str()),
        (Some("left"), Some("line-too-long"))
    );
    assert_eq!(site.running.head(), 1_999);
}

#[tokio::test]
async fn what_came_before_a_body_broke_off_is_taken_and_known_the_next_time() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    let lines: Vec<String> = (0..50).map(|number| back(number, "b1")).collect();
    let body = lines.join("\n");
    let cut = body.find("back-30").expect("there");
    let length = body.len().to_string();
    let mut client = site.client().await;
    let head = request("POST", PATH, &[LINES, ("content-length", &length)], None);
    client.send(&head).await;
    client.send(&body.as_bytes()[..cut]).await;
    drop(client);
    for _ in 0..200 {
        if site.running.head() == 31 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    // The line that was cut in two is none.
    assert_eq!(site.running.head(), 31);
    assert_eq!(counts(&bring(&site, PATH, &body).await), [50, 20, 30, 0, 0]);
    assert_eq!(site.get("/admin/lending/imports").await.json()["imports"][0]["kept"], 0);
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up_and_what_came_is_taken() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    let mut client = site.client().await;
    client.send(&request("POST", PATH, &[LINES, ("content-length", "1000")], None)).await;
    client.send(format!("{}\n", back(1, "b1")).as_bytes()).await;
    let answer = client.response(false).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (408, Some("body-too-slow")));
    assert!(answer.json()["detail"].as_str().is_some_and(|detail| detail.contains("after line 1")));
    assert_eq!(site.running.head(), 2);
}

#[tokio::test]
async fn a_slow_sender_is_waited_for_as_long_as_something_comes() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    let mut client = site.client().await;
    client.send(&request("POST", PATH, &[LINES, ("transfer-encoding", "chunked")], None)).await;
    // Longer in all than a command's body may take.
    for number in 0..8 {
        let line = format!("{}\n", back(number, "b1"));
        client.send(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes()).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    client.send(b"0\r\n\r\n").await;
    assert_eq!(counts(&client.response(false).await), [8, 8, 0, 0, 0]);
}

#[tokio::test]
async fn imports_are_counted_and_what_is_no_import_is_refused() {
    let site = Site::with(Options { max_imports: 1, ..options() }).await;
    let unknown = bring(&site, "/api/lending/imports/slops", "").await;
    assert_eq!((unknown.status, unknown.json()["code"].as_str()), (404, Some("unknown-import")));
    let json = site.post(PATH, "{}").await;
    assert_eq!((json.status, json.json()["code"].as_str()), (415, Some("unsupported-media-type")));
    assert_eq!(json.json()["errors"][0]["field"], "Content-Type");
    assert_eq!(site.get(PATH).await.status, 405);
    let parameter = bring(&site, &format!("{PATH}?first_line=0"), "").await;
    assert_eq!(parameter.json()["errors"][0]["field"], "first_line");
    assert_eq!(counts(&bring(&site, PATH, "").await), [0; 5]);

    let mut slow = site.client().await;
    slow.send(&request("POST", PATH, &[LINES, ("content-length", "100")], None)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let full = bring(&site, PATH, "").await;
    assert_eq!((full.status, full.json()["code"].as_str()), (429, Some("too-many-imports")));
    assert_eq!(slow.response(false).await.status, 408);
    let part = bring(&site, &format!("{PATH}?first_line=7001"), "x\n").await;
    assert_eq!(part.json()["malformed"][0]["line"], 7_001);
}

#[tokio::test]
async fn a_server_that_goes_down_ends_an_import_and_says_so() {
    let site = Site::open().await;
    site.buy("b1", "1").await;
    let mut client = site.client().await;
    client.send(&request("POST", PATH, &[LINES, ("content-length", "1000")], None)).await;
    client.send(format!("{}\n", back(1, "b1")).as_bytes()).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    site.handle.stop();
    let answer = client.response(false).await;
    assert_eq!((answer.status, answer.json()["code"].as_str()), (503, Some("closing")));
    assert_eq!(site.running.head(), 2);
}
