//! Whatever is in a URL or a header: never a panic, never a failure of ours.

use proptest::prelude::*;
use watershed::prelude::*;
use watershed_http::{Api, Options, Server};

use crate::lending;

struct Lab {
    runtime: tokio::runtime::Runtime,
    api: Api,
    running: Running,
    _folder: tempfile::TempDir,
}

fn lab() -> Lab {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("starts");
    let folder = tempfile::tempdir().expect("a folder");
    let (api, running) = runtime.block_on(async {
        let stores = watershed::embedded(folder.path()).expect("opens");
        let running = lending::context().policy(AllowAll).start(stores).await.expect("starts");
        let body = br#"{"book_id":"b1","title":"Emma","price":"9.50","shelf":"novels"}"#;
        running.send_json("BuyBook", body, Default::default()).await.expect("taken");
        (Server::new(vec![running.clone()], Options::default()).into_api(), running)
    });
    Lab { runtime, api, running, _folder: folder }
}

impl Lab {
    fn status(&self, request: http::request::Builder) -> Option<u16> {
        let request = request.body(http_body_util::Empty::<bytes::Bytes>::new()).ok()?;
        Some(self.runtime.block_on(self.api.call(request)).status().as_u16())
    }
}

/// Pieces that parsers trip over, between pieces of noise.
fn parameter() -> impl Strategy<Value = String> {
    let name = prop_oneof![
        Just("price"),
        Just("loans.in"),
        Just("shelf.null"),
        Just("title.contains"),
        Just("sort"),
        Just("limit"),
        Just("after"),
        Just("price.gte"),
        Just("."),
        Just(""),
        Just("%"),
        Just("book_id.eq")
    ];
    let value = prop_oneof![
        "[ -~]{0,20}",
        "\\PC{0,12}",
        "-?[0-9]{1,40}",
        Just("NaN".to_owned()),
        Just("1e999".to_owned()),
        Just("%00".to_owned()),
        Just("'; DROP TABLE books; --".to_owned()),
        Just("-".to_owned()),
        Just(",,,".to_owned()),
        Just("WzAsW10sIiJd".to_owned())
    ];
    (name, value).prop_map(|(name, value)| {
        let value: String = value.chars().filter(|letter| !matches!(letter, '#' | ' ')).collect();
        format!("{name}={value}")
    })
}

#[test]
fn no_parameter_makes_the_server_fail() {
    let lab = lab();
    let config = ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(parameters in prop::collection::vec(parameter(), 0..4), place in 0..3_usize)| {
        let path = ["/api/lending/views/books", "/api/lending/queries/dear_books", "/api/lending/streams/book/b1"][place];
        let uri = format!("{path}?{}", parameters.join("&"));
        if let Some(status) = lab.status(http::Request::get(&uri)) {
            prop_assert!(matches!(status, 200 | 400), "{status} for {uri}");
        }
    });
    assert_eq!(lab.running.head(), 1);
}

#[test]
fn no_path_or_header_makes_the_server_fail() {
    let lab = lab();
    let config = ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() };
    let header = prop::collection::vec(prop_oneof![0x20..0x7f_u8, 0x80..=0xff_u8], 0..40);
    proptest!(config, |(path in "(/(api|admin|lending|views|books|b1|watch|%2[0-9a-f]|%[0-9a-g]{0,2}|\\.\\.|[!-~&&[^#?%/]]{0,5})){0,8}", value in header, place in 0..6_usize)| {
        let name = ["idempotency-key", "if-match", "watershed-token", "watershed-on-stale", "last-event-id", "x-correlation-id"][place];
        for uri in [path.as_str(), "/api/lending/views/books/b1", "/api/lending/views/books/b1/watch"] {
            if let Some(status) = lab.status(http::Request::get(uri).header(name, &value[..])) {
                prop_assert!((200..500).contains(&status), "{status} for {uri} with {name}");
            }
        }
        let request = http::Request::post("/api/lending/commands/LoseBook").header("content-type", "application/json");
        if let Some(status) = lab.status(request.header(name, &value[..])) {
            prop_assert!((400..500).contains(&status), "{status} with {name}");
        }
    });
    assert_eq!(lab.running.head(), 1);
}
