//! Two nodes of a whole context, while one of them cannot reach the database, and while the database dies again and again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use coop::family::FamilyRefusal;
use coop::queries::{FamiliesByRiskTier, GetFamily, ListAtRiskFamilies};
use coop::year::{Expected, Step, Year};
use tokio::task::JoinHandle;
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed::runtime::{LookAt, Running};
use watershed_postgres::Options;
use watershed_testkit::postgres::Postgres;
use watershed_testkit::proxy::Proxy;

const TERM: Duration = Duration::from_millis(600);
/// How long a statement may take, and a server be waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Nobody who begins while the server is away waits for longer: until a connection is given up, and for one attempt to connect.
const BOUND: Duration = Duration::from_secs(8);
/// So that there is something to disturb.
const PACE: Duration = Duration::from_millis(5);
const VIEWS: [&str; 4] = ["family_detail", "at_risk_families", "family_month", "payment_analytics"];

fn context() -> Context {
    let now = "2025-06-01T12:00:00Z".parse().unwrap();
    coop::context().policy(AllowAll).clock(ManualClock::at(now))
}

async fn node(server: &str, name: &str) -> Running {
    let mut options = Options::new(format!("{server} connect_timeout=1"));
    (options.statement, options.patience) = (PATIENCE, PATIENCE);
    let stores = watershed::on_postgres(options).await.unwrap();
    context().node(name).lease(TERM).start(stores).await.unwrap()
}

async fn holders(node: &Running) -> BTreeMap<String, String> {
    // The database may be away just now.
    let Ok(Some((_, nodes))) = node.nodes().await else { return BTreeMap::new() };
    let held = nodes.leases.into_iter().filter(|lease| !lease.left.is_zero());
    held.map(|lease| (lease.seat, lease.node)).collect()
}

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

fn is_shared(held: &BTreeMap<String, String>) -> bool {
    ["one", "two"].iter().all(|name| held.values().any(|node| node == name))
}

/// What has been acknowledged: the key, and where.
type Acked = Vec<(String, u64)>;

/// Plays the steps, each again until it ends as it should: whoever is told that it failed sends it again with the same key.
async fn play(node: Running, steps: Vec<Step>, pace: Duration, troubles: Arc<AtomicUsize>) -> Acked {
    let mut acked = Vec::new();
    for step in steps {
        tokio::time::sleep(pace).await;
        let begun = Instant::now();
        loop {
            match (node.send(step.command.clone()).key(step.key.as_str()).await, &step.expected) {
                (Ok(receipt), Expected::Accepted | Expected::Replayed) => {
                    acked.push((step.key.clone(), receipt.position));
                    break;
                }
                (Err(SendError::Refused::<FamilyRefusal>(said)), Expected::Refused(refusal)) => {
                    assert_eq!(said, *refusal, "{}", step.key);
                    break;
                }
                (Err(SendError::TagTaken { .. }), Expected::TransactionTaken) => break,
                (Err(error), _) if error.is_retryable() => {
                    assert!(begun.elapsed() < Duration::from_secs(60), "{}: {error}", step.key);
                    troubles.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                other => panic!("{}: {other:?}", step.key),
            }
        }
    }
    acked
}

/// The steps in as many parts, those of a family in one of them.
fn parts(steps: Vec<Step>, parts: usize) -> Vec<Vec<Step>> {
    let families: BTreeMap<String, usize> = families(&steps).into_iter().zip(0..).collect();
    let mut all = vec![Vec::new(); parts];
    for step in steps {
        all[families[step.command.id()] % parts].push(step);
    }
    all
}

fn families(steps: &[Step]) -> BTreeSet<String> {
    steps.iter().map(|step| step.command.id().to_owned()).collect()
}

async fn answers(node: &Running, families: &BTreeSet<String>) -> Vec<String> {
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

/// Everything that was acknowledged is there once, and nothing else; both nodes answer as one process on SQLite that has lived in
/// peace; and the rows are what the log says.
async fn assert_well(nodes: [&Running; 2], server: &Postgres, steps: &[Step], acked: &Acked) {
    let folder = tempfile::tempdir().unwrap();
    let peace = context().start(watershed::embedded(folder.path()).unwrap()).await.unwrap();
    play(peace.clone(), steps.to_vec(), Duration::ZERO, Arc::default()).await;
    let count = server.sql("SELECT count(*) FROM watershed.events");
    assert_eq!(count, peace.token().position.to_string(), "so many events");
    for (key, position) in acked {
        let sql = format!(
            "SELECT max(position + coalesce(follows, 0)) FROM watershed.events WHERE idem_key = '{key}'"
        );
        if acked.len() < 600 || position % 16 == 0 {
            assert_eq!(server.sql(&sql), position.to_string(), "`{key}`");
        }
    }
    let families = families(steps);
    let wanted = answers(&peace, &families).await;
    for (node, name) in nodes.into_iter().zip(["one", "two"]) {
        assert_eq!(answers(node, &families).await, wanted, "{name}");
        for view in VIEWS {
            let report = node.reconcile(&Principal::default(), view, LookAt::Everything).await.unwrap();
            assert_eq!(report.drift, 0, "{name}, {view}: {report:?}");
        }
    }
    peace.close().await;
}

/// Has both nodes play the steps, those of a family on one of them.
fn players(nodes: [&Running; 2], steps: &[Step], troubles: &Arc<AtomicUsize>) -> Vec<JoinHandle<Acked>> {
    let parts = parts(steps.to_vec(), 8).into_iter().enumerate();
    parts
        .map(|(place, part)| tokio::spawn(play(nodes[place % 2].clone(), part, PACE, troubles.clone())))
        .collect()
}

async fn ended(players: Vec<JoinHandle<Acked>>) -> Acked {
    let mut acked = Vec::new();
    for player in players {
        acked.extend(player.await.unwrap());
    }
    acked
}

fn rounds(short: usize, long: usize) -> usize {
    if std::env::var_os("WATERSHED_NIGHTLY").is_some() { long } else { short }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_cannot_reach_the_database_says_so_and_another_one_goes_on() {
    let server = Postgres::start();
    let proxy = Proxy::to(server.port()).await;
    let one = node(&Postgres::server_at(proxy.port()), "one").await;
    let two = node(&server.server(), "two").await;
    until(&two, "they share", is_shared).await;
    let all = holders(&two).await.len();
    let steps: Vec<Step> = Year::new(u32::try_from(rounds(40, 240)).unwrap(), 21).collect();
    let troubles = Arc::<AtomicUsize>::default();
    let players = players([&one, &two], &steps, &troubles);
    for round in 0..rounds(2, 20) {
        // In the midst of commands and of folding.
        tokio::time::sleep(Duration::from_millis(150 + 37 * u64::try_from(round).unwrap())).await;
        let token = one.token();
        proxy.hold();
        let taken = until(&two, "two takes over", |held| {
            held.len() == all && held.values().all(|node| node == "two")
        });
        let taken = taken.await;
        assert!(taken <= TERM * 2 + Duration::from_millis(500), "taken over after {taken:?}");
        // Once the first has been waited for in vain.
        tokio::time::sleep(2 * PATIENCE).await;
        let begun = Instant::now();
        let commands = (0..4).map(|number| {
            let (one, round) = (one.clone(), round);
            async move {
                let mut step = Year::new(1, 5).next().unwrap();
                step.key = format!("in vain {round} {number}");
                let told = one.send(step.command).key(step.key.as_str()).await;
                assert!(told.is_err(), "nothing can have been taken: {told:?}");
            }
        });
        let asked = async {
            one.ask(FamiliesByRiskTier {}).after(token).await.unwrap_err();
        };
        tokio::join!(futures_util::future::join_all(commands), asked);
        assert!(begun.elapsed() < BOUND, "told after {:?}", begun.elapsed());
        // The other one is not disturbed.
        let begun = Instant::now();
        two.ask(FamiliesByRiskTier {}).after(two.token()).await.unwrap();
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        proxy.release();
        until(&two, "they share again", is_shared).await;
    }
    let acked = ended(players).await;
    assert!(troubles.load(Ordering::Relaxed) > 0, "nobody was disturbed");
    assert_well([&one, &two], &server, &steps, &acked).await;
    // Who is stopped meanwhile ends all the same.
    proxy.hold();
    let begun = Instant::now();
    one.close().await;
    assert!(begun.elapsed() < BOUND, "closed after {:?}", begun.elapsed());
    two.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_go_on_by_themselves_when_the_database_is_back_from_a_crash() {
    let mut server = Postgres::start();
    let one = node(&server.server(), "one").await;
    let two = node(&server.server(), "two").await;
    until(&two, "they share", is_shared).await;
    let steps: Vec<Step> = Year::new(u32::try_from(rounds(40, 400)).unwrap(), 22).collect();
    let troubles = Arc::<AtomicUsize>::default();
    let players = players([&one, &two], &steps, &troubles);
    for round in 0..rounds(3, 100) {
        tokio::time::sleep(Duration::from_millis(100 + u64::try_from(round * 41 % 200).unwrap())).await;
        server = tokio::task::spawn_blocking(move || {
            server.kill();
            server.up();
            server
        })
        .await
        .unwrap();
    }
    let acked = ended(players).await;
    until(&two, "they share again", is_shared).await;
    assert_well([&one, &two], &server, &steps, &acked).await;
    one.close().await;
    two.close().await;
}

/// With a standby that commits wait for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_go_on_by_themselves_when_a_standby_takes_the_primary_s_place() {
    let mut primary = Postgres::start();
    let standby = primary.standby();
    primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
    primary.sql("SELECT pg_reload_conf()");
    let both = format!(
        "host=127.0.0.1,127.0.0.1 port={},{} user=postgres dbname=postgres target_session_attrs=read-write",
        primary.port(),
        standby.port()
    );
    let one = node(&both, "one").await;
    let two = node(&both, "two").await;
    until(&two, "they share", is_shared).await;
    let steps: Vec<Step> = Year::new(40, 23).collect();
    let troubles = Arc::<AtomicUsize>::default();
    let players = players([&one, &two], &steps, &troubles);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let standby = tokio::task::spawn_blocking(move || {
        primary.kill();
        standby.promote();
        standby
    });
    let standby = standby.await.unwrap();
    let acked = ended(players).await;
    until(&two, "they share again", is_shared).await;
    assert_well([&one, &two], &standby, &steps, &acked).await;
    one.close().await;
    two.close().await;
}
