//! What clients that are too big, too slow or too many get.

use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use watershed::prelude::*;
use watershed_http::{Options, ServeError, Server};

use crate::client::request;
use crate::lending;
use crate::site::{JSON, Site, options};

const BUY: &str = "/api/lending/commands/BuyBook";

#[tokio::test]
async fn a_body_over_the_limit_is_refused_before_it_is_read_and_when_it_lies_about_its_length() {
    let site = Site::open().await;
    let length = (1 << 20) + 1;
    let declared = [JSON, ("content-length", "1048577")];
    let mut client = site.client().await;
    client.send(&request("POST", BUY, &declared, Some(b"{"))).await;
    let refused = client.response(false).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (413, Some("body-too-large")));
    assert_eq!(refused.json()["errors"][0]["field"], "body");

    let mut client = site.client().await;
    let mut chunked = request("POST", BUY, &[JSON, ("transfer-encoding", "chunked")], None);
    chunked.extend(format!("{length:x}\r\n{}\r\n0\r\n\r\n", "x".repeat(length)).bytes());
    client.send(&chunked).await;
    assert_eq!(client.response(false).await.json()["code"], "body-too-large");
    assert_eq!(site.running.head(), 0);
}

#[tokio::test]
async fn json_nested_too_deep_is_refused_however_deep() {
    let site = Site::open().await;
    let path = "/api/lending/commands/ScribbleNotes";
    site.buy("b1", "1").await;
    let nested =
        |levels: usize| format!(r#"{{"book_id":"b1","notes":{}{}}}"#, "[".repeat(levels), "]".repeat(levels));
    assert_eq!(site.post(path, &nested(63)).await.status, 200);
    for levels in [64, 200, 100_000, 500_000] {
        let refused = site.post(path, &nested(levels)).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (400, Some("nested-too-deep")));
        assert_eq!(refused.json()["errors"][0]["field"], "notes");
    }
    assert_eq!(site.running.head(), 2);
}

#[tokio::test]
async fn a_client_that_never_finishes_its_head_is_cut_off() {
    let site = Site::open().await;
    let mut slow = site.client().await;
    let begun = Instant::now();
    slow.send(b"GET / HTTP/1.1\r\nhost: localhost\r\n").await;
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        slow.send(b"x-more: a\r\n").await;
    }
    assert!(slow.is_closed_within(Duration::from_secs(3)).await);
    assert!(begun.elapsed() >= Duration::from_millis(650), "cut off too early: {:?}", begun.elapsed());
    let mut idle = site.client().await;
    assert!(idle.is_closed_within(Duration::from_secs(3)).await, "a connection without a request stays open");
}

#[tokio::test]
async fn a_body_that_never_comes_is_given_up() {
    let site = Site::open().await;
    let mut slow = site.client().await;
    slow.send(&request("POST", BUY, &[JSON, ("content-length", "100")], Some(b"{\"title\":"))).await;
    let refused = slow.response(false).await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (408, Some("body-too-slow")));
    assert!(slow.is_closed_within(Duration::from_secs(3)).await);
    assert_eq!(site.running.head(), 0);
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let site = Site::open().await;
    let mut client = site.client().await;
    let long = "x".repeat(100_000);
    client.send(&request("GET", "/", &[("x-long", &long)], None)).await;
    assert_eq!(client.head().await.status, 431);
    let many: Vec<(&str, &str)> = vec![("x-many", "1"); 200];
    let mut client = site.client().await;
    client.send(&request("GET", "/", &many, None)).await;
    assert_eq!(client.head().await.status, 431);
}

#[tokio::test]
async fn more_requests_at_once_than_allowed_are_turned_away() {
    let site = Site::with(Options { max_requests: 1, ..options() }).await;
    let mut slow = site.client().await;
    slow.send(&request("POST", BUY, &[JSON, ("content-length", "100")], Some(b"{"))).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let refused = site.get("/").await;
    assert_eq!((refused.status, refused.json()["code"].as_str()), (503, Some("overloaded")));
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(site.get("/healthz").await.status, 200, "busy is not dead");
    assert_eq!(slow.response(false).await.status, 408);
    assert_eq!(site.get("/").await.status, 200);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_their_turn() {
    let site = Site::with(Options { max_connections: 1, ..options() }).await;
    let first = site.client().await;
    let mut second = site.client().await;
    second.send(&request("GET", "/healthz", &[], None)).await;
    assert!(tokio::time::timeout(Duration::from_millis(200), second.head()).await.is_err());
    drop(first);
    let mut third = site.client().await;
    drop(second);
    assert_eq!(third.ask("GET", "/healthz", &[], None).await.status, 200);
}

#[tokio::test]
async fn a_page_under_a_foreign_name_cannot_reach_a_server_on_loopback() {
    let site = Site::open().await;
    for host in ["evil.example", "localhost.evil.example:8080", "10.1.2.3"] {
        let refused = site.get_with("/api/lending/views/books", &[("host", host)]).await;
        assert_eq!((refused.status, refused.json()["code"].as_str()), (421, Some("foreign-host")));
        assert_eq!(refused.json()["errors"][0]["field"], "Host");
    }
    assert_eq!(site.get_with("/healthz", &[("host", "127.0.0.1:8080")]).await.status, 200);
}

#[tokio::test]
async fn an_open_context_is_not_served_beyond_loopback_unless_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let stores = watershed::embedded(folder.path()).expect("opens");
    let running = lending::context().policy(AllowAll).start(stores).await.expect("starts");
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("binds");
    let serving = Server::new(vec![running.clone()], Options::default()).serve(listener);
    let refused = tokio::time::timeout(Duration::from_secs(5), serving).await.expect("refuses at once");
    assert!(matches!(refused, Err(ServeError::Exposed { context: "lending", .. })), "{refused:?}");

    let listener = TcpListener::bind("0.0.0.0:0").await.expect("binds");
    let server = Server::new(vec![running], Options { expose_unauthenticated: true, ..Options::default() });
    let handle = server.handle();
    let serving = tokio::spawn(server.serve(listener));
    handle.stop();
    serving.await.expect("no panic").expect("served");
}

#[tokio::test]
async fn a_request_that_has_begun_is_finished_when_the_server_is_stopped() {
    let site = Site::open().await;
    let body = br#"{"book_id":"b1","title":"Emma","price":"9.50","shelf":"novels"}"#;
    let mut client = site.client().await;
    let whole = request("POST", BUY, &[JSON], Some(body));
    client.send(&whole[..whole.len() - 10]).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    site.handle.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.send(&whole[whole.len() - 10..]).await;
    let taken = client.response(false).await;
    assert_eq!(taken.status, 200, "{}", taken.body);
    assert_eq!(taken.header("connection"), "close");
    site.serving.await.expect("no panic").expect("served");
    assert!(tokio::net::TcpStream::connect(site.address).await.is_err(), "still accepting");
}
