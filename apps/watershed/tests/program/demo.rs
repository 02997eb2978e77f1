//! The demo: what a newcomer gets from one command.

use serde_json::Value;

use crate::process::{Running, json, run, text};

const HERE: [&str; 4] = ["--listen", "127.0.0.1:0", "--families", "12"];

fn demo<'a>() -> Vec<&'a str> {
    std::iter::once("demo").chain(HERE).collect()
}

/// How many events there are, of the year, of the weeks and of the season.
fn events(folder: &tempfile::TempDir) -> [u64; 3] {
    ["coop", "parcel", "catalog"].map(|context| {
        let head = json(&folder.path().join("data"), &["log", "head", "--context", context]);
        head[0]["head"].as_u64().expect("a position")
    })
}

#[test]
fn the_year_is_played_once_served_and_there_again_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut first = Running::start(&data, &demo());
    first.until("Serving until Ctrl-C.");
    for words in [
        "commands in",
        "events recorded",
        "Idempotency-Key",
        "If-Match",
        "refused, as they should be",
        "lines of",
        "taken before: a carrier's id",
        "1  torn in the middle of a file",
        "each in one transaction with the tables that it changes",
        "catalog.category.not-empty",
        "Ask it something",
    ] {
        assert!(first.said.contains(words), "{words} in {}", first.said);
    }
    assert!(!first.said.contains("unexpected"), "{}", first.said);

    // Every address that it names answers.
    let named: Vec<String> = first
        .said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("curl '"))
        .map(|rest| rest.split('\'').next().expect("quoted").trim_start_matches(&first.url).to_owned())
        .collect();
    assert!(named.len() >= 6, "{named:?}");
    for path in &named {
        // What is sent rather than asked does not take a GET, which only what is there says.
        let is_sent = path.contains("/commands/") || path.contains("/imports/");
        let expected = if is_sent { 405 } else { 200 };
        if !path.ends_with("/watch") {
            assert_eq!(first.get(path).0, expected, "{path}");
        }
    }
    let page =
        first.said.lines().find_map(|line| line.trim().strip_prefix(&format!("{}/parcel/track/", first.url)));
    let row = format!("/api/parcel/views/customer_tracking_view/{}", page.expect("a page to open"));
    assert!(first.get(&row).1.contains("\"status\":\"booked\""), "{row}");
    let recorded = events(&folder);
    assert!(recorded[0] > 300 && recorded[1] > 150 && recorded[2] > 40, "{recorded:?}");
    first.signal("TERM");
    assert_eq!(first.ended(), Some(0));

    let mut second = Running::start(&data, &demo());
    second.until("Serving until Ctrl-C.");
    assert!(second.said.contains("nothing is played twice"), "{}", second.said);
    assert_eq!(events(&folder), recorded);
    let (status, body) = second.get("/api/coop/queries/families_by_risk_tier");
    let tiers: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!((status, tiers["rows"].as_array().is_some_and(|rows| !rows.is_empty())), (200, true));
    second.signal("INT");
    assert_eq!(second.ended(), Some(0));
}

#[test]
fn a_year_that_was_killed_halfway_is_finished_with_nothing_lost_or_doubled() {
    let whole = tempfile::tempdir().expect("a folder");
    Running::start(&whole.path().join("data"), &demo()).until("Serving until Ctrl-C.");
    let expected = events(&whole);

    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let killed = Running::start(&data, &demo());
    while !data.join("demo.json").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    killed.signal("KILL");
    drop(killed);
    let before = events(&folder);
    assert!(before[0] > 0 && before[0] < expected[0], "{before:?} of {expected:?}: killed too late to tell");
    let mut resumed = Running::start(&data, &demo());
    resumed.until("Serving until Ctrl-C.");
    assert!(!resumed.said.contains("unexpected"), "{}", resumed.said);
    assert_eq!(events(&folder), expected);
    let verified = json(&data, &["log", "verify"]);
    assert_eq!(verified[0]["sound"], true);
}

#[test]
fn a_taken_port_is_passed_over_and_that_is_said() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = taken.local_addr().expect("bound").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let mut demo =
        Running::start(&folder.path().join("data"), &["demo", "--families", "2", "--listen", &address]);
    demo.until("Serving until Ctrl-C.");
    assert!(demo.said.contains("is taken, so this is on"), "{}", demo.said);
    assert_ne!(demo.url, format!("http://{address}"));
}

#[test]
fn another_year_in_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    Running::start(&data, &["demo", "--listen", "127.0.0.1:0", "--families", "2"])
        .until("Serving until Ctrl-C.");
    let other = run(&data, &["demo", "--listen", "127.0.0.1:0", "--families", "3"]);
    assert_eq!(other.status.code(), Some(1));
    assert!(text(&other.stderr).contains("choose another folder with --data"), "{}", text(&other.stderr));
}
