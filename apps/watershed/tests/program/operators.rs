//! The operator's commands, over a running server and over a folder that nobody holds.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::{Running, json, run, text};

/// A folder with a small year in it. Each test gets a copy.
pub(crate) fn played() -> (TempDir, PathBuf) {
    static ORIGINAL: OnceLock<TempDir> = OnceLock::new();
    let original = ORIGINAL.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut demo = Running::start(
            &folder.path().join("data"),
            &["demo", "--listen", "127.0.0.1:0", "--families", "6"],
        );
        demo.until("Serving until Ctrl-C.");
        demo.signal("TERM");
        demo.ended();
        folder
    });
    let copy = tempfile::tempdir().expect("a folder");
    copy_all(original.path(), copy.path());
    let data = copy.path().join("data");
    (copy, data)
}

fn copy_all(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("known").is_dir() {
            std::fs::create_dir(&target).expect("makes");
            copy_all(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copies");
        }
    }
}

#[test]
fn the_same_is_answered_by_the_server_and_by_the_folder_alone() {
    let (_folder, data) = played();
    let questions: [&[&str]; 5] = [
        &["events", "--limit", "7"],
        &["events", "--after", "100", "--limit", "2000"],
        &["streams", "family", "family-00001"],
        &["streams", "family", "family-00001", "--at", "3"],
        &["log", "verify"],
    ];
    let alone: Vec<_> = questions.iter().map(|question| json(&data, question)).collect();
    let mut server = Running::start(&data, &["serve", "--listen", "127.0.0.1:0"]);
    let served: Vec<_> = questions.iter().map(|question| json(&data, question)).collect();
    assert_eq!(alone, served);
    assert_eq!(alone[0].len(), 7);
    assert_eq!(alone[0][0]["position"], 1);
    assert_eq!(alone[3][0]["version"], 3);
    assert_eq!(alone[4][0]["sound"], true);
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
}

#[test]
fn a_view_is_paused_for_as_long_as_it_is_not_resumed() {
    let (_folder, data) = played();
    let status = |name: &str| {
        let views = json(&data, &["views"]);
        views.into_iter().find(|view| view["name"] == name).expect("the view")["status"].clone()
    };
    assert_eq!(json(&data, &["views", "pause", "family_detail"])[0]["done"], "paused");
    assert_eq!(status("family_detail"), "paused");
    assert_eq!(status("at_risk_families"), "running");
    assert_eq!(json(&data, &["views", "resume", "family_detail"])[0]["done"], "resumed");
    let _server = Running::start(&data, &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(status("family_detail"), "running");
    let rebuilt = json(&data, &["views", "rebuild", "family_detail"]);
    assert_eq!(rebuilt[0]["status"], "running");
    assert!(rebuilt[0]["last_rebuild"]["done"].as_u64().is_some_and(|events| events > 0));
}

#[test]
fn the_number_of_a_views_workers_is_set_with_and_without_a_server_and_stays() {
    let (_folder, data) = played();
    let workers = |name: &str| {
        let views = json(&data, &["views"]);
        views.into_iter().find(|view| view["name"] == name).expect("the view")["workers"].clone()
    };
    assert_eq!(workers("family_detail"), 1);
    assert_eq!(json(&data, &["views", "workers", "family_detail", "3"])[0]["workers"], 3);
    let _server = Running::start(&data, &["serve", "--listen", "127.0.0.1:0"]);
    until("the folder's decision holds", || workers("family_detail") == 3);
    json(&data, &["views", "workers", "family_detail", "2"]);
    until("the server goes on with two", || workers("family_detail") == 2);
    let none = run(&data, &["views", "workers", "family_detail", "0"]);
    assert_eq!(none.status.code(), Some(4));
    assert!(text(&none.stderr).contains("a view is folded by 1 to 16 workers"), "{}", text(&none.stderr));
    let group = run(&data, &["--context", "parcel", "views", "workers", "shipment_operations", "2"]);
    assert_eq!(group.status.code(), Some(4));
    assert!(text(&group.stderr).contains("one worker folds such a group"), "{}", text(&group.stderr));
    assert_eq!(run(&data, &["views", "workers", "family_detail"]).status.code(), Some(2));
}

fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..100 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("waited too long until {what}");
}

#[test]
fn a_healthy_folder_has_a_clean_bill() {
    let (_folder, data) = played();
    let findings = json(&data, &["doctor"]);
    let checks: Vec<&str> = findings.iter().filter_map(|finding| finding["check"].as_str()).collect();
    for check in ["answered by", "writes", "durability", "log", "view family_detail", "disk space"] {
        assert!(checks.contains(&check), "{check} in {checks:?}");
    }
    assert!(findings.iter().all(|finding| finding["verdict"] == "ok"), "{findings:?}");
    assert_eq!(json(&data, &["parked"]), Vec::<Value>::new());
    assert_eq!(json(&data, &["parked", "list"]), Vec::<Value>::new());
}

#[test]
fn the_doctor_fails_where_a_view_does_and_says_what_to_do() {
    let (_folder, data) = played();
    json(&data, &["views", "pause", "family_detail"]);
    let findings = json(&data, &["doctor"]);
    let paused = findings.iter().find(|finding| finding["check"] == "view family_detail").expect("found");
    assert_eq!(paused["verdict"], "warn");
    assert!(
        paused["advice"].as_str().is_some_and(|advice| advice.contains("views resume family_detail")),
        "{paused}"
    );
}

#[test]
fn whoever_follows_sees_events_as_they_come() {
    let (_folder, data) = played();
    let server = Running::start(&data, &["serve", "--listen", "127.0.0.1:0"]);
    let head = json(&data, &["log", "head"])[0]["head"].as_u64().expect("a position");
    let mut follow = crate::process::watershed(&data)
        .args(["events", "--follow", "--after", &(head - 1).to_string()])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(follow.stdout.take().expect("piped")));
    let mut next = || -> Value {
        serde_json::from_str(&lines.next().expect("goes on").expect("readable")).expect("JSON")
    };
    assert_eq!(next()["position"], head);
    let body = r#"{"family_id":"mine","family_name":"Mine","enrollment_date":"2025-01-01"}"#;
    assert_eq!(post(&server.url, "/api/coop/commands/EnrollFamily", body), 200);
    let event = next();
    assert_eq!((event["position"].as_u64(), event["stream"].as_str()), (Some(head + 1), Some("family/mine")));
    let _ = follow.kill();
    let _ = follow.wait();
}

fn post(url: &str, path: &str, body: &str) -> u16 {
    use std::io::{Read, Write};
    let host = url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(host).expect("connects");
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
        .expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("reads");
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let (_folder, data) = played();
    let mut events = crate::process::watershed(&data)
        .arg("events")
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("starts");
    drop(events.stdout.take());
    let output = events.wait_with_output().expect("ends");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(0), ""));
}

#[test]
fn a_damaged_log_is_found_and_said() {
    let (_folder, data) = played();
    let log = data.join("coop").join("log.db");
    let mut bytes = std::fs::read(&log).expect("readable");
    let needle = b"Family\"";
    let places: Vec<usize> =
        (0..bytes.len() - needle.len()).filter(|place| bytes[*place..].starts_with(needle)).collect();
    assert!(!places.is_empty(), "no name in the log");
    places.into_iter().for_each(|place| bytes[place] ^= 1);
    std::fs::write(&log, bytes).expect("writes");
    let verified = run(&data, &["log", "verify"]);
    assert_ne!(verified.status.code(), Some(0));
    let said = text(&verified.stdout) + &text(&verified.stderr);
    assert!(said.contains("damaged") || said.contains("link"), "{said}");
}

#[test]
fn a_views_journal_is_listed_by_number_and_one_without_says_what_to_do() {
    let (_folder, data) = played();
    let changes =
        |more: &[&str]| json(&data, &[&["--context", "parcel", "views", "changes", "hubs"], more].concat());
    let all = changes(&[]);
    let numbers: Vec<u64> = all.iter().filter_map(|entry| entry["number"].as_u64()).collect();
    let first = numbers[0];
    assert_eq!(numbers, (first..first + numbers.len() as u64).collect::<Vec<_>>());
    assert!(all.iter().any(|entry| entry["view"] == "hubs" && entry["what"] == "shown"), "{all:?}");
    assert_eq!(changes(&["--after", &first.to_string(), "--limit", "1"])[..], all[1..2]);
    let silent = run(&data, &["--context", "coop", "views", "changes", "family_detail"]);
    assert_eq!(silent.status.code(), Some(4));
    assert!(text(&silent.stderr).contains("journal = keep(7d)"), "{}", text(&silent.stderr));
}
