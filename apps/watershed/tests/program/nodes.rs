//! Several of the binary that share the rows of one server, as operators see them.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use watershed_testkit::postgres::Postgres;

use crate::process::{Running, text, watershed};

struct Site {
    server: Postgres,
    folder: tempfile::TempDir,
}

impl Site {
    fn new() -> Self {
        Self { server: Postgres::start(), folder: tempfile::tempdir().expect("a folder") }
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, data: &str, arguments: &[&str]) -> Command {
        let mut command = watershed(&self.data(data));
        command.args(arguments).args(["--store", &self.server.server()]).env("WATERSHED__NODE__LEASE", "1");
        command
    }

    fn node(&self, name: &str) -> Running {
        Running::of(self.command(name, &["serve", "--listen", "127.0.0.1:0", "--node", name]))
    }

    /// Exit code, and what was said on either of the two.
    fn run(&self, data: &str, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.command(data, arguments).output().expect("runs");
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    }

    fn json(&self, data: &str, arguments: &[&str]) -> Vec<Value> {
        let (code, said) = self.run(data, arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        said.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }
}

fn json(node: &Running, path: &str) -> Value {
    let (status, body) = node.get(path);
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).expect("JSON")
}

fn nodes(node: &Running) -> Value {
    json(node, "/admin/coop/nodes")
}

/// Asks until it is so.
fn until(what: &str, node: &Running, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let seen = nodes(node);
        if is_so(&seen) {
            return seen;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {seen}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Which groups a node keeps.
fn kept(seen: &Value, node: &str) -> Vec<String> {
    let seats = seen["seats"].as_array().expect("seats").iter();
    seats
        .filter(|seat| seat["node"] == node)
        .map(|seat| seat["group"].as_str().expect("a name").into())
        .collect()
}

fn are_shared(seen: &Value) -> bool {
    let (a, b) = (kept(seen, "a").len(), kept(seen, "b").len());
    a + b == seen["seats"].as_array().map_or(0, Vec::len) && a > 0 && b > 0 && a.abs_diff(b) <= 1
}

fn metric(node: &Running, start: &str) -> Option<f64> {
    let (_, page) = node.get("/metrics");
    page.lines().find_map(|line| line.strip_prefix(start)?.trim().parse().ok())
}

#[test]
fn operators_see_who_keeps_what_and_are_sent_to_whoever_does() {
    let site = Site::new();
    let mut a = site.node("a");
    until("one alone keeps everything", &a, |seen| kept(seen, "a").len() > 1);
    let b = site.node("b");
    let seen = until("two share", &b, are_shared);
    assert_eq!((&seen["shared"], &seen["this"]), (&Value::from(true), &Value::from("b")));
    let names: Vec<&str> =
        seen["nodes"].as_array().expect("nodes").iter().filter_map(|node| node["name"].as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    let here = |node: &Value| node["this"] == true && node["heard_ms"].as_u64().is_some_and(|ms| ms < 5_000);
    assert_eq!(seen["nodes"].as_array().expect("nodes").iter().filter(|node| here(node)).count(), 1);
    assert!(seen["seats"].as_array().expect("seats").iter().all(|seat| {
        seat["edition"] == 1 && seat["epoch"].as_u64() > Some(0) && seat["left_ms"].as_u64() > Some(0)
    }));
    // A command asks the server that holds the folder.
    let listed = site.json("b", &["nodes"]);
    assert_eq!((listed.len(), &listed[0]["this"]), (1, &Value::from("b")));

    // Whoever does not keep a group says who does, in the views' status and to whoever wants something of it.
    let group = kept(&seen, "a").swap_remove(0);
    let views = json(&b, "/admin/coop/views");
    let of_group = |views: &Value| {
        let views = views["views"].as_array().expect("views").clone();
        views.into_iter().find(|view| view["group"] == group.as_str()).expect("the group's view")
    };
    assert_eq!(of_group(&views)["node"], "a");
    let asked = [
        (format!("views/{group}/pause"), "{}".to_owned()),
        (format!("views/{group}/resume"), "{}".to_owned()),
        (format!("views/{group}/workers"), r#"{"workers":2}"#.to_owned()),
        (format!("views/{group}/rebuild"), "{}".to_owned()),
        (format!("views/{group}/rebuild"), r#"{"key":"fam-1"}"#.to_owned()),
        (format!("views/{group}/repair"), "{}".to_owned()),
        (format!("views/{group}/verify"), "{}".to_owned()),
        (format!("views/{group}/cutover"), "{}".to_owned()),
        (format!("views/{group}/flag"), r#"{"flag":"off"}"#.to_owned()),
        ("parked/retry".to_owned(), format!(r#"{{"view":"{group}","key":"fam-1"}}"#)),
        ("parked/skip".to_owned(), format!(r#"{{"view":"{group}","key":"fam-1","position":1}}"#)),
    ];
    for (path, body) in asked {
        let (status, problem) = b.post(&format!("/admin/coop/{path}"), "application/json", &body);
        let problem: Value = serde_json::from_str(&problem).expect("JSON");
        let said = (status, problem["code"].as_str(), problem["node"].as_str());
        assert_eq!(said, (409, Some("kept-elsewhere"), Some("a")), "{path}: {problem}");
    }
    let (code, said) = site.run("b", &["views", "pause", &group]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("node `a` keeps the rows"), "{said}");
    // That one does it; and everybody sees it.
    assert_eq!(site.json("a", &["views", "pause", &group])[0]["done"], "paused");
    let begun = Instant::now();
    while of_group(&json(&b, "/admin/coop/views"))["status"] != "paused" {
        assert!(begun.elapsed() < Duration::from_secs(10), "the other one does not see it");
        std::thread::sleep(Duration::from_millis(20));
    }

    let gauge = format!("watershed_edition_kept{{context=\"coop\",group=\"{group}\",edition=\"1\"}}");
    assert_eq!((metric(&a, &gauge), metric(&b, &gauge)), (Some(1.0), Some(0.0)));
    let takeovers = format!("watershed_takeovers_total{{context=\"coop\",group=\"{group}\"}}");
    assert_eq!((metric(&a, &takeovers), metric(&b, &takeovers)), (Some(1.0), None));
    a.signal("KILL");
    a.ended();
    until("what the one kept that was killed", &b, |seen| {
        kept(seen, "a").is_empty() && kept(seen, "b").contains(&group)
    });
    let begun = Instant::now();
    while (metric(&b, &gauge), metric(&b, &takeovers)) != (Some(1.0), Some(1.0)) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", b.get("/metrics"));
        std::thread::sleep(Duration::from_millis(20));
    }
    // And what another one has paused is paused.
    assert_eq!(of_group(&json(&b, "/admin/coop/views"))["status"], "paused");
    let resumed = b.post(&format!("/admin/coop/views/{group}/resume"), "application/json", "{}");
    assert_eq!(resumed.0, 200, "{}", resumed.1);
}

#[test]
fn a_command_on_the_stores_themselves_takes_nothing_from_those_who_serve() {
    let site = Site::new();
    let mut a = site.node("a");
    let before = until("one alone keeps everything", &a, |seen| kept(seen, "a").len() > 1);
    let all = kept(&before, "a").len();
    let epochs = |seen: &Value| -> Vec<Value> {
        seen["seats"].as_array().expect("seats").iter().map(|seat| seat["epoch"].clone()).collect()
    };
    // From a folder that no server holds.
    let seen = site.json("elsewhere", &["nodes"]).swap_remove(0);
    assert_eq!(kept(&seen, "a").len(), all, "{seen}");
    assert_eq!(seen["nodes"].as_array().map(Vec::len), Some(1), "{seen}");
    let (code, said) = site.run("elsewhere", &["views", "pause", "family_detail"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("node `a` keeps the rows"), "{said}");
    assert_eq!(site.json("elsewhere", &["views"])[0]["node"], "a");
    assert_eq!(epochs(&nodes(&a)), epochs(&before), "nothing has been taken");
    // One that comes again under its name waits for nobody.
    a.signal("KILL");
    a.ended();
    let mut a = site.node("a");
    until("it keeps again what it kept", &a, |seen| {
        kept(seen, "a").len() == all && epochs(seen).iter().all(|epoch| epoch.as_u64() > Some(1))
    });
    a.signal("TERM");
    assert_eq!(a.ended(), Some(0));
    // Where nobody serves, the command does it itself, and goes.
    assert_eq!(site.json("elsewhere", &["views", "pause", "family_detail"])[0]["done"], "paused");
    let views = site.json("elsewhere", &["views"]);
    let paused = views.iter().find(|view| view["name"] == "family_detail").expect("the view");
    assert_eq!(paused["status"], "paused");
    let left = site.json("a", &["nodes"]).swap_remove(0);
    assert!(kept(&left, "a").is_empty(), "{left}");
}

#[test]
fn rows_of_one_process_alone_are_said_to_be() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let mut server = Running::start(&data, &["serve", "--listen", "127.0.0.1:0"]);
    let seen = nodes(&server);
    assert_eq!(
        (&seen["shared"], &seen["this"], seen["seats"].as_array().map(Vec::len)),
        (&false.into(), &Value::Null, Some(0))
    );
    assert_eq!(json(&server, "/admin/coop/views")["views"][0]["node"], Value::Null);
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
}
