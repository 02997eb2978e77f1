//! What whoever watches a list sees, over reconnects, restarts and new versions.

use serde_json::{Value, json};

use crate::client::{Client, request};
use crate::lending;
use crate::site::{JSON, Site, options};

const EVENTS: (&str, &str) = ("accept", "text/event-stream");
const DEAR: &str = "/api/lending/views/books?price.gte=10";

async fn watch(site: &Site, path: &str, seen: Option<&str>) -> Client {
    let mut headers = vec![EVENTS];
    headers.extend(seen.map(|seen| ("Last-Event-ID", seen)));
    let mut client = site.client().await;
    client.send(&request("GET", path, &headers, None)).await;
    let head = client.head().await;
    assert_eq!(head.status, 200);
    assert_eq!(head.header("content-type"), "text/event-stream");
    assert!(head.header("watershed-contract").contains("librarians"));
    client
}

/// Reads the next event, past heartbeats: its name, id and data.
async fn event(client: &mut Client) -> (String, String, Value) {
    client.until("event: ").await;
    let name = client.until("\n").await.trim().to_owned();
    client.until("id: ").await;
    let id = client.until("\n").await.trim().to_owned();
    client.until("data: ").await;
    let data = client.until("\n").await;
    (name, id, serde_json::from_str(&data).expect("JSON"))
}

/// The next event, in words, and its id.
async fn told(client: &mut Client) -> (String, String) {
    let (name, id, data) = event(client).await;
    let words = match name.as_str() {
        "list" => format!("list {}", data["why"].as_str().expect("a reason")),
        "row" => format!("row {} {}", data["key"].as_str().expect("a key"), data["row"]["loans"]),
        _ => format!("{name} {}", data["key"].as_str().expect("a key")),
    };
    (words, id)
}

async fn lend(site: &Site, book: &str, slip: &str) {
    let body = format!(r#"{{"book_id":"{book}","reader":"Jane","due":"2025-01-31","slip":"{slip}"}}"#);
    site.command("LendBook", &body).await;
}

#[tokio::test]
async fn a_list_is_read_and_what_comes_after_is_told() {
    let site = Site::open().await;
    site.buy("b1", "12").await;
    let mut client = watch(&site, DEAR, None).await;
    let (name, _, data) = event(&mut client).await;
    assert_eq!((name.as_str(), data["why"].as_str()), ("list", Some("begin")));
    let token = data["token"].as_str().expect("a token");
    let list = site.get_with(DEAR, &[("Watershed-Token", token)]).await;
    assert_eq!(list.status, 200, "{}", list.body);
    site.settle().await;
    site.buy("b2", "3").await;
    site.buy("b3", "30").await;
    // Whether the first one is told depends on when the fold came to it.
    let (mut words, _) = told(&mut client).await;
    if words == "row b1 0" {
        words = told(&mut client).await.0;
    }
    assert_eq!(words, "row b3 0", "and not the one that costs less");
    lend(&site, "b3", "s1").await;
    assert_eq!(told(&mut client).await.0, "row b3 1");
    site.command("LoseBook", r#"{"book_id":"b2"}"#).await;
    site.command("LoseBook", r#"{"book_id":"b3"}"#).await;
    assert_eq!(told(&mut client).await.0, "gone b3");
}

#[tokio::test]
async fn whoever_comes_back_misses_nothing_over_a_restart_a_repair_and_a_cutover() {
    let site = Site::open().await;
    site.buy("b1", "12").await;
    site.settle().await;
    let mut client = watch(&site, DEAR, None).await;
    let (words, mut seen) = told(&mut client).await;
    assert_eq!(words, "list begin");
    site.buy("b2", "20").await;
    let (words, id) = told(&mut client).await;
    assert_eq!(words, "row b2 0");
    seen = if seen == id { panic!("two events bear {id}") } else { id };
    drop(client);

    // Missed while nobody listened, and while the server was down.
    lend(&site, "b1", "s1").await;
    site.command("LoseBook", r#"{"book_id":"b2"}"#).await;
    site.settle().await;
    let folder = site.stop().await;
    let site = Site::serving(folder, lending::second(), options()).await;
    let mut client = watch(&site, DEAR, Some(&seen)).await;
    assert_eq!(told(&mut client).await.0, "row b1 1");
    let (words, id) = told(&mut client).await;
    assert_eq!(words, "gone b2");
    seen = id;
    drop(client);

    // A fold that an operator puts right, without an event.
    site.command("ScribbleNotes", r#"{"book_id":"b1"}"#).await;
    lend_back(&site).await;
    let parked = until_parked(&site).await;
    let skipped = json!({ "view": "books", "key": "b1", "position": parked }).to_string();
    assert_eq!(site.post("/admin/lending/parked/skip", &skipped).await.status, 200);
    let mut client = watch(&site, DEAR, Some(&seen)).await;
    let (words, id) = told(&mut client).await;
    assert_eq!(words, "row b1 1");
    assert_eq!(
        site.get("/api/lending/views/books/b1").await.json()["returns"],
        -1,
        "the first version serves"
    );
    seen = id;

    // Another version serves.
    admin(&site, "backfill").await;
    until_state(&site, "caught-up").await;
    admin(&site, "verify").await;
    until_finished(&site).await;
    admin(&site, "cutover").await;
    let (words, id) = told(&mut client).await;
    assert_eq!(words, "list replaced");
    assert_ne!(id, seen);
    // The same event is parked in the second version, and is passed over there too.
    until_parked(&site).await;
    assert_eq!(site.post("/admin/lending/parked/skip", &skipped).await.status, 200);
    let (words, id) = told(&mut client).await;
    assert_eq!(words, "row b1 1");
    seen = id;
    drop(client);
    lend(&site, "b1", "s2").await;
    site.settle().await;
    let mut client = watch(&site, DEAR, Some(&seen)).await;
    let (name, id, data) = event(&mut client).await;
    assert_eq!(
        (name.as_str(), &data["row"]["loans"], &data["row"]["returns"]),
        ("row", &json!(2), &json!(1))
    );
    assert!(id > seen, "{id} comes after {seen}");

    let changes = site.get("/admin/lending/views/books/changes").await.json();
    let whats: Vec<_> =
        changes["changes"].as_array().expect("entries").iter().map(|entry| &entry["what"]).collect();
    assert_eq!(whats, ["everything", "shown", "shown"], "{changes}");
}

async fn lend_back(site: &Site) {
    site.command("ReturnBook", r#"{"book_id":"b1"}"#).await;
}

/// Waits until a key is parked, and says on which event.
async fn until_parked(site: &Site) -> u64 {
    for _ in 0..500 {
        if let Some(position) =
            site.get("/admin/lending/parked").await.json()["parked"][0]["position"].as_u64()
        {
            return position;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no key is ever parked");
}

async fn admin(site: &Site, step: &str) {
    let done = site.post_with(&format!("/admin/lending/views/books/{step}"), &[JSON], "{}").await;
    assert_eq!(done.status, 200, "{step}: {}", done.body);
}

async fn until_state(site: &Site, wanted: &str) {
    for _ in 0..500 {
        let editions = site.get("/admin/lending/editions").await.json();
        if editions["editions"].as_array().expect("editions").iter().any(|edition| edition["state"] == wanted)
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("no edition is ever {wanted}");
}

async fn until_finished(site: &Site) {
    for _ in 0..500 {
        let verification = site.get("/admin/lending/views/books/verification").await.json();
        if !verification["verification"]["finished"].is_null() {
            assert_eq!(verification["verification"]["mismatches"], 0, "{verification}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the verification never ends");
}

#[tokio::test]
async fn a_named_query_s_list_is_watched_by_its_own_parameters() {
    let site = Site::open().await;
    let mut client = watch(&site, "/api/lending/queries/dear_books?least=25", None).await;
    assert_eq!(told(&mut client).await.0, "list begin");
    site.buy("b1", "24").await;
    site.buy("b2", "26").await;
    assert_eq!(told(&mut client).await.0, "row b2 0");
}

#[tokio::test]
async fn a_silent_watch_of_a_list_is_kept_alive_and_moved_on() {
    let site = Site::open().await;
    let mut client = watch(&site, DEAR, None).await;
    let (_, seen) = told(&mut client).await;
    client.until(": still here\n\n").await;
    site.buy("cheap", "1").await;
    client.until(": still here\nid: ").await;
    let moved = client.until("\n").await.trim().to_owned();
    assert_ne!(moved, seen);
    drop(client);
    site.buy("dear", "11").await;
    site.settle().await;
    assert_eq!(told(&mut watch(&site, DEAR, Some(&moved)).await).await.0, "row dear 0");
}

#[tokio::test]
async fn who_comes_with_a_place_that_is_none_is_told_to_read_the_list() {
    let site = Site::open().await;
    site.buy("b1", "12").await;
    site.settle().await;
    let strange = watch(&site, DEAR, Some("0.1.0123456789abcdef")).await;
    assert_eq!(told(&mut { strange }).await.0, "list missed");
    let malformed = site.get_with(DEAR, &[EVENTS, ("Last-Event-ID", "57")]).await;
    assert_eq!((malformed.status, malformed.json()["code"].as_str()), (400, Some("malformed-header")));
    let paged = site.get_with("/api/lending/views/books?after=x", &[EVENTS]).await;
    assert_eq!(paged.status, 400, "{}", paged.body);
    let unknown = site.get_with("/api/lending/views/films", &[EVENTS]).await;
    assert_eq!(unknown.status, 404);
    let undeclared = site.get_with("/api/lending/views/books?last_reader=x", &[EVENTS]).await;
    assert_eq!((undeclared.status, undeclared.json()["code"].as_str()), (400, Some("malformed-parameter")));
}

#[tokio::test]
async fn a_watch_of_a_list_ends_when_the_server_goes_down_and_takes_a_seat_until_then() {
    let site = Site::open().await;
    let mut first = watch(&site, DEAR, None).await;
    let _second = watch(&site, DEAR, None).await;
    let third = site.get_with(DEAR, &[EVENTS]).await;
    assert_eq!((third.status, third.json()["code"].as_str()), (429, Some("too-many-watches")));
    assert_eq!(told(&mut first).await.0, "list begin");
    site.handle.stop();
    assert!(first.is_closed_within(std::time::Duration::from_secs(1)).await);
    site.serving.await.expect("no panic").expect("served");
}
