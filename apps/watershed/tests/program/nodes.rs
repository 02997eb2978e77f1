//! Several of the binary that share the rows of one server, as operators see them.

use std::path::PathBuf;
use std::process::{Command, Stdio};
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

/// The same, of an operator's request.
fn asked(node: &Running, path: &str, body: &str) -> (u16, Value) {
    let (status, body) = node.post(&format!("/admin/coop/{path}"), "application/json", body);
    (status, serde_json::from_str(&body).expect("JSON"))
}

/// A group's view, as a node sees it.
fn of_group(node: &Running, group: &str) -> Value {
    let views = json(node, "/admin/coop/views")["views"].as_array().expect("views").clone();
    views.into_iter().find(|view| view["group"] == group).expect("the group's view")
}

fn until_view(what: &str, node: &Running, group: &str, is_so: impl Fn(&Value) -> bool) {
    let begun = Instant::now();
    while !is_so(&of_group(node, group)) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{what}: {}", of_group(node, group));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn operators_see_who_keeps_what_and_ask_whichever_node_they_like() {
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
        seat["editions"][0] == 1 && seat["epoch"].as_u64() > Some(0) && seat["left_ms"].as_u64() > Some(0)
    }));
    // A command asks the server that holds the folder.
    let listed = site.json("b", &["nodes"]);
    assert_eq!((listed.len(), &listed[0]["this"]), (1, &Value::from("b")));

    // Whoever does not keep a group says who does; and gets it where an operator wants something of it.
    let group = kept(&seen, "a").swap_remove(0);
    let gauge = format!("watershed_edition_kept{{context=\"coop\",group=\"{group}\",edition=\"1\"}}");
    let takeovers = format!("watershed_takeovers_total{{context=\"coop\",group=\"{group}\"}}");
    assert_eq!(of_group(&b, &group)["node"], "a");
    assert_eq!((metric(&a, &gauge), metric(&b, &gauge)), (Some(1.0), Some(0.0)));
    assert_eq!((metric(&a, &takeovers), metric(&b, &takeovers)), (Some(1.0), None));
    assert_eq!(site.json("b", &["views", "pause", &group])[0]["done"], "paused");
    until_view("the other one sees it", &a, &group, |view| view["status"] == "paused" && view["node"] == "b");
    assert_eq!((metric(&a, &gauge), metric(&b, &gauge)), (Some(0.0), Some(1.0)));
    assert_eq!(metric(&b, &takeovers), Some(1.0));
    assert_eq!(asked(&a, &format!("views/{group}/resume"), "{}").0, 200);
    until_view("and the one", &b, &group, |view| view["status"] == "running" && view["node"] == "a");

    // What another one has paused is paused for whoever comes after it; and nobody waits for what that one had asked for.
    assert_eq!(asked(&a, &format!("views/{group}/pause"), "{}").0, 200);
    until_view("it is written", &b, &group, |view| view["status"] == "paused");
    a.signal("KILL");
    a.ended();
    let begun = Instant::now();
    until("what the one kept that was killed", &b, |seen| {
        kept(seen, "a").is_empty() && kept(seen, "b").contains(&group)
    });
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    until_view("it is paused still", &b, &group, |view| view["status"] == "paused" && view["node"] == "b");
    assert_eq!(asked(&b, &format!("views/{group}/resume"), "{}").0, 200);
}

#[test]
fn what_a_node_does_not_give_up_is_refused_with_its_name() {
    let site = Site::new();
    let a = site.node("a");
    until("one alone keeps everything", &a, |seen| kept(seen, "a").len() > 1);
    // One that knows nothing of being asked.
    site.server.sql(
        "UPDATE watershed_coop.leases SET node = 'older', epoch = epoch + 1, until = now() + interval '1 hour' \
         WHERE seat LIKE 'family_detail %'",
    );
    until_view("it has lost that", &a, "family_detail", |view| view["node"] == "older");
    let refused = [
        ("views/family_detail/pause", "{}"),
        ("views/family_detail/repair", "{}"),
        ("parked/skip", r#"{"view":"family_detail","key":"fam-1","position":1}"#),
    ];
    for (path, body) in refused {
        let (status, problem) = asked(&a, path, body);
        let said = (status, problem["code"].as_str(), problem["node"].as_str());
        assert_eq!(said, (409, Some("kept-elsewhere"), Some("older")), "{path}: {problem}");
    }
    // What is decided for all of them is decided all the same.
    assert_eq!(asked(&a, "views/family_detail/workers", r#"{"workers":2}"#).0, 200);
    let (code, said) = site.run("a", &["views", "pause", "family_detail"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("node `older` keeps the rows of `family_detail`"), "{said}");
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
    for change in [["views", "pause", "family_detail"], ["views", "rebuild", "family_detail"]] {
        let (code, said) = site.run("elsewhere", &change);
        assert_eq!(code, Some(4), "{change:?}: {said}");
        assert!(said.contains("node `a` keeps the rows") && said.contains("--server"), "{said}");
    }
    assert_eq!(site.json("elsewhere", &["views"])[0]["node"], "a");
    let seen = nodes(&a);
    assert_eq!(epochs(&seen), epochs(&before), "nothing has been taken");
    assert!(
        seen["seats"]
            .as_array()
            .expect("seats")
            .iter()
            .all(|seat| seat["editions"] == before["seats"][0]["editions"])
    );
    // One that comes again under its name waits for nobody.
    a.signal("KILL");
    a.ended();
    let mut a = site.node("a");
    until("it keeps again what it kept", &a, |seen| {
        kept(seen, "a").len() == all && epochs(seen).iter().all(|epoch| epoch.as_u64() > Some(1))
    });
    // But one beside it needs a name of its own.
    let mut twin = site.command("b", &["serve", "--listen", "127.0.0.1:0", "--node", "a"]);
    let mut twin = twin.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("starts");
    let begun = Instant::now();
    while twin.try_wait().expect("waits").is_none() && begun.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let _ = twin.kill();
    let ended = twin.wait_with_output().expect("ended");
    let said = text(&ended.stderr);
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains("a node called `a` serves") && said.contains("--node"), "{said}");
    let (code, said) = site.run("b", &["serve", "--node", ""]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--node"), "{said}");
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
