//! Several processes that share a log and its rows: each group is kept by one of them, and by another one when that is gone.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;
use std::process::{self, Child, Stdio};
use std::time::{Duration, Instant};

use coop::queries::{FamiliesByRiskTier, GetFamily, ListAtRiskFamilies};
use coop::year::{Expected, Step, Year};
use watershed::core::Command as _;
use watershed::core::Principal;
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed::runtime::{EditionState, LookAt, Running};
use watershed_postgres::Options;
use watershed_testkit::postgres::Postgres;

/// How long a lease is held without being renewed.
const TERM: Duration = Duration::from_millis(600);
/// Tells the program of this test that it is a node, and where the server is.
const NODE: &str = "WATERSHED_TEST_NODE";

/// The context at one instant: what is recorded, and what is worked out as it is read, is then the same wherever it runs.
fn context() -> Context {
    let now = "2025-06-01T12:00:00Z".parse().unwrap();
    coop::context().policy(AllowAll).clock(ManualClock::at(now))
}

async fn node(server: &str, name: &str) -> Running {
    let stores = watershed::on_postgres(Options::new(server)).await.unwrap();
    context().node(name).lease(TERM).start(stores).await.unwrap()
}

/// Who has which seat.
async fn holders(node: &Running) -> BTreeMap<String, String> {
    let (_, nodes) = node.nodes().await.unwrap().unwrap();
    let held = nodes.leases.into_iter().filter(|lease| !lease.left.is_zero());
    held.map(|lease| (lease.seat, lease.node)).collect()
}

/// Waits until the seats are held as they should be; says how long that took.
async fn until(node: &Running, what: &str, are: impl Fn(&BTreeMap<String, String>) -> bool) -> Duration {
    let begun = Instant::now();
    loop {
        let held = holders(node).await;
        if are(&held) {
            return begun.elapsed();
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {held:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Plays the steps: every one ends as it should, though its node may not be the one that decided the one before.
async fn play(nodes: &[&Running], steps: &[Step]) {
    for (place, step) in steps.iter().enumerate() {
        let sent = nodes[place % nodes.len()].send(step.command.clone()).key(step.key.as_str()).await;
        let accepted = matches!(step.expected, Expected::Accepted | Expected::Replayed);
        assert_eq!(sent.is_ok(), accepted, "{}: {sent:?}", step.key);
    }
}

/// What is answered, as of everything that has been recorded.
async fn answers(node: &Running, families: &[String]) -> Vec<String> {
    let token = node.token();
    let mut answers = Vec::new();
    for family_id in families {
        let asked = node.ask(GetFamily { family_id: family_id.clone() }).after(token).await.unwrap();
        answers.push(serde_json::to_string(&asked.value).unwrap());
    }
    let listed = node.ask(ListAtRiskFamilies { min_risk: 0 }).after(token).await.unwrap();
    answers.push(serde_json::to_string(&listed.value).unwrap());
    let tiers = node.ask(FamiliesByRiskTier {}).after(token).await.unwrap();
    answers.push(serde_json::to_string(&tiers.value).unwrap());
    answers
}

fn families(steps: &[Step]) -> Vec<String> {
    let mut families: Vec<String> = steps.iter().map(|step| step.command.id().to_owned()).collect();
    families.sort_unstable();
    families.dedup();
    families
}

/// A node in a process of its own.
struct Process(Child);

impl Process {
    fn start(server: &str) -> Self {
        let child = process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_node_of_its_own", "--nocapture"])
            .env(NODE, server)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn signal(&self, signal: &str) {
        let sent = process::Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success(), "{signal}");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Does nothing, unless this program has been started as a node: then it is one until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_its_own() {
    let Ok(server) = std::env::var(NODE) else { return };
    let _node = node(&server, "other").await;
    std::future::pending::<()>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_share_the_seats_and_answer_alike() {
    let server = Postgres::start();
    let steps: Vec<Step> = Year::new(12, 11).collect();
    let one = node(&server.server(), "one").await;
    let seats = until(&one, "one alone keeps everything", |held| {
        !held.is_empty() && held.values().all(|node| node == "one")
    })
    .await;
    assert!(seats < TERM * 2, "{seats:?}");
    let all = holders(&one).await.len();
    let two = node(&server.server(), "two").await;
    let is_shared = |held: &BTreeMap<String, String>| {
        let of = |name: &str| held.values().filter(|node| *node == name).count();
        held.len() == all && of("one") > 0 && of("two") > 0 && of("one").abs_diff(of("two")) <= 1
    };
    until(&one, "two share the seats", is_shared).await;

    play(&[&one, &two], &steps).await;
    let families = families(&steps);
    let found = answers(&one, &families).await;
    assert_eq!(found, answers(&two, &families).await, "the two nodes");
    let folder = tempfile::tempdir().unwrap();
    let on_sqlite = context().start(watershed::embedded(folder.path()).unwrap()).await.unwrap();
    play(&[&on_sqlite], &steps).await;
    assert_eq!(found, answers(&on_sqlite, &families).await, "two nodes, and one process on SQLite");
    on_sqlite.close().await;

    // One that closes gives everything up: the other need not wait for the end of a term.
    two.close().await;
    let taken =
        until(&one, "what two had", |held| held.len() == all && held.values().all(|node| node == "one"));
    assert!(taken.await < TERM * 2);
    one.close().await;
}

/// Operators ask any node. It gets what it needs for it from whoever has it, and the others follow what is decided.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whichever_node_is_asked_it_is_done_and_the_others_follow() {
    const VIEWS: [&str; 3] = ["family_detail", "at_risk_families", "family_month"];
    let server = Postgres::start();
    let operator = Principal::default();
    let steps: Vec<Step> = Year::new(12, 13).collect();
    let (one, two) = (node(&server.server(), "one").await, node(&server.server(), "two").await);
    until(&one, "both have something", |held| {
        ["one", "two"].iter().all(|name| held.values().any(|node| node == name))
    })
    .await;
    play(&[&one, &two], &steps).await;
    let families = families(&steps);
    let before = answers(&one, &families).await;

    for node in [&one, &two] {
        for view in VIEWS {
            node.rebuild_and_wait(&operator, view).await.unwrap();
        }
    }
    assert_eq!(answers(&one, &families).await, before, "on one");
    assert_eq!(answers(&two, &families).await, before, "on two");
    let editions = |node: &Running| {
        let all = VIEWS.iter().flat_map(|view| node.editions(&operator, Some(*view)).unwrap());
        let serving = all.filter(|edition| edition.state == EditionState::Serving);
        serving.map(|edition| edition.edition).collect::<Vec<_>>()
    };
    let begun = Instant::now();
    while editions(&one) != editions(&two) {
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?} {:?}", editions(&one), editions(&two));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(editions(&one), [3, 3, 3], "each was rebuilt twice");

    for (asked, other) in [(&one, &two), (&two, &one)] {
        asked.pause(&operator, "family_detail").await.unwrap();
        let begun = Instant::now();
        loop {
            let of = |node: &Running| {
                let all = node.checkpoints(&operator).unwrap().into_iter().map(|group| group.checkpoint);
                all.into_iter().find(|group| group.projection_name == "family_detail").unwrap().status
            };
            if of(asked) == "paused" && of(other) == "paused" {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{} {}", of(asked), of(other));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        other.resume(&operator, "family_detail").await.unwrap();
    }
    assert_eq!(answers(&two, &families).await, before, "after it was paused and resumed");
    two.close().await;
    one.close().await;
}

/// Whoever has been told that a lease was lost while it slept writes nothing, and neither does whoever has not been told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_kept_is_taken_over_when_it_is_killed_or_stands_still() {
    let server = Postgres::start();
    let steps: Vec<Step> = Year::new(12, 12).collect();
    let (first, rest) = steps.split_at(steps.len() / 2);
    let (second, third) = rest.split_at(rest.len() / 2);
    let here = node(&server.server(), "here").await;
    until(&here, "alone", |held| !held.is_empty()).await;
    let all = holders(&here).await.len();
    let shares = |held: &BTreeMap<String, String>| held.values().any(|node| node == "other");
    let alone =
        |held: &BTreeMap<String, String>| held.len() == all && held.values().all(|node| node == "here");

    let other = Process::start(&server.server());
    until(&here, "the other joins", shares).await;
    play(&[&here], first).await;
    other.signal("-KILL");
    let taken = until(&here, "after a kill", alone).await;
    assert!(taken <= TERM * 2, "taken over after {taken:?}");
    drop(other);

    let other = Process::start(&server.server());
    until(&here, "another one joins", shares).await;
    other.signal("-STOP");
    play(&[&here], second).await;
    until(&here, "after a pause", alone).await;
    let families = families(&steps);
    let before = answers(&here, &families).await;
    other.signal("-CONT");
    // What it had folded and not written is as of long ago; it finds that it has been overtaken, and shares again.
    until(&here, "it is awake again", shares).await;
    assert_eq!(answers(&here, &families).await, before, "nothing of the past was written");
    play(&[&here], third).await;
    let _ = answers(&here, &families).await;
    drop(other);
    until(&here, "alone at last", alone).await;
    for view in ["family_detail", "at_risk_families", "payment_analytics"] {
        let report = here.reconcile(&Principal::default(), view, LookAt::Everything).await.unwrap();
        assert_eq!(report.drift, 0, "{view}: {report:?}");
    }
    here.close().await;
}
