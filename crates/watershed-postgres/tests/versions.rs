//! A rolling upgrade: nodes of the program before and of the next one side by side, on one log and the same rows.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use watershed::core::Token;
use watershed::core::ports::SchemaStep;
use watershed::prelude::*;
use watershed::runtime::{EditionState, LookAt};
use watershed_postgres::Options;
use watershed_testkit::postgres::Postgres;

#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone)]
#[event(category = "count", prefix = "counts.count")]
enum CountEvent {
    Added { by: i64 },
}

#[derive(Tables, Default, Debug)]
#[tables(table = "counts", tenant = "tenant", id = "count_id", version = "version")]
struct Count {
    total: i64,
}

#[derive(Command, Deserialize, JsonSchema, Debug, Clone)]
#[command(aggregate = Count, id = id)]
enum CountCommand {
    Add { id: String, by: i64 },
}

#[derive(Refusal, Debug, PartialEq)]
#[refusal(prefix = "counts.count")]
enum CountRefusal {
    #[refusal("it would be below zero")]
    Below,
}

impl Aggregate for Count {
    type Command = CountCommand;
    type Event = CountEvent;
    type Refusal = CountRefusal;

    fn decide(&self, command: &CountCommand, _: &Cx) -> Decided<Self> {
        let CountCommand::Add { by, .. } = command;
        if self.total + by < 0 { Err(CountRefusal::Below) } else { Ok(vec![CountEvent::Added { by: *by }]) }
    }

    fn evolve(&mut self, event: &CountEvent) {
        let CountEvent::Added { by } = event;
        self.total += by;
    }

    fn storage() -> Storage<Self> {
        Storage::tables()
    }
}

const FIRST: SchemaStep = SchemaStep {
    number: 1,
    sqlite: "",
    postgres: "CREATE TABLE counts (tenant text, count_id text, total integer NOT NULL CHECK (total >= 0),
        version bigint NOT NULL DEFAULT 0, PRIMARY KEY (tenant, count_id))",
};
const SECOND: SchemaStep = SchemaStep {
    number: 2,
    sqlite: "",
    postgres: "ALTER TABLE counts ADD COLUMN remark text NOT NULL DEFAULT 'none'",
};

/// What the program before makes of it.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "totals", version = 1, on(CountEvent))]
#[contract(owner = "counters", fresh = operational(2s))]
struct Before {
    #[key(stream)]
    count_id: String,
    total: i64,
}

/// What the next one makes of it.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(name = "totals", version = 2, on(CountEvent))]
#[contract(owner = "counters", fresh = operational(2s))]
struct After {
    #[key(stream)]
    count_id: String,
    total: i64,
    /// How often something was added; unknown as long as the version before serves.
    times: i64,
}

impl On<CountEvent> for Before {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<CountEvent>) -> Applied {
        let CountEvent::Added { by } = event.data;
        let total = row.get().map_or(0, |row| row.total) + by;
        row.put(Self { count_id: event.stream.id.to_string(), total });
        Ok(())
    }
}

impl On<CountEvent> for After {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<CountEvent>) -> Applied {
        let CountEvent::Added { by } = event.data;
        let (total, times) = row.get().map_or((0, 0), |row| (row.total, row.times));
        row.put(Self { count_id: event.stream.id.to_string(), total: total + by, times: times + 1 });
        Ok(())
    }
}

impl Replaces<Before> for After {
    fn from_earlier(old: Before) -> Self {
        Self { count_id: old.count_id, total: old.total, times: -1 }
    }
}

#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "get_total")]
struct GetBefore {
    count_id: String,
}

impl Query for GetBefore {
    type Answer = One<Before>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.count_id)
    }
}

#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "get_total")]
struct GetAfter {
    count_id: String,
}

impl Query for GetAfter {
    type Answer = One<After>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.count_id)
    }
}

const TERM: Duration = Duration::from_millis(600);

async fn start(server: &Postgres, context: Context, name: &str) -> Running {
    let stores = watershed::on_postgres(Options::new(server.server())).await.unwrap();
    context.aggregate::<Count>().policy(AllowAll).node(name).lease(TERM).start(stores).await.unwrap()
}

async fn before(server: &Postgres, name: &str) -> Running {
    let context = Context::new("counts").tables_sql(FIRST).read_models::<(Before,)>();
    start(server, context.queries::<(GetBefore,)>(), name).await
}

async fn after(server: &Postgres, name: &str) -> Running {
    let context = Context::new("counts").tables_sql(FIRST).tables_sql(SECOND).read_models::<(After,)>();
    start(server, context.earlier::<Before, After>().queries::<(GetAfter,)>(), name).await
}

/// What should be there.
#[derive(Default)]
struct Wanted([(i64, i64); 7]);

/// Sends commands to the nodes by turns.
async fn send(nodes: &[&Running], wanted: &mut Wanted, times: usize) -> Token {
    let mut token = nodes[0].token();
    for turn in 0..times {
        let (place, by) = (turn * 3 % 7, i64::try_from(turn % 5).unwrap());
        let command = CountCommand::Add { id: format!("c{place}"), by };
        token = nodes[turn % nodes.len()].send(command).await.unwrap().token;
        wanted.0[place] = (wanted.0[place].0 + by, wanted.0[place].1 + 1);
    }
    token
}

async fn assert_before(node: &Running, wanted: &Wanted, token: Token) {
    for (place, (total, _)) in wanted.0.iter().enumerate() {
        let count_id = format!("c{place}");
        let asked = node.ask(GetBefore { count_id: count_id.clone() }).after(token).await.unwrap();
        assert_eq!(asked.value, Some(Before { count_id, total: *total }));
    }
}

/// `counted`: whether the new version's own rows are shown.
async fn assert_after(node: &Running, wanted: &Wanted, token: Token, counted: bool) {
    for (place, (total, times)) in wanted.0.iter().enumerate() {
        let count_id = format!("c{place}");
        let asked = node.ask(GetAfter { count_id: count_id.clone() }).after(token).await.unwrap();
        let times = if counted { *times } else { -1 };
        assert_eq!(asked.value, Some(After { count_id, total: *total, times }));
    }
}

async fn assert_no_drift(node: &Running) {
    let report = node.reconcile(&Principal::default(), "totals", LookAt::Everything).await.unwrap();
    assert_eq!(report.drift, 0, "{report:?}");
    let tables = node.compare_tables::<Count>(&Principal::default()).await.unwrap();
    assert_eq!((tables.compared, tables.differ), (7, 0), "{tables:?}");
}

/// Waits until the group's editions show these states to the node.
async fn until(node: &Running, wanted: &[(u32, EditionState)]) {
    let begun = Instant::now();
    loop {
        let editions = node.editions(&Principal::default(), Some("totals")).unwrap();
        let found: Vec<_> = editions.iter().map(|edition| (edition.edition, edition.state)).collect();
        if found == wanted {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{found:?}, and not {wanted:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_rolling_upgrade_both_versions_answer_and_neither_harms_the_other_s_rows() {
    use EditionState::{CaughtUp, Declared, Serving};
    let (server, operator) = (Postgres::start(), Principal::default());
    let mut wanted = Wanted::default();
    let old = [before(&server, "old 1").await, before(&server, "old 2").await];
    send(&[&old[0], &old[1]], &mut wanted, 40).await;
    let [left, leaves] = old;
    leaves.close().await;

    // The first of the next program: its schema has a step more, which the other one need not know.
    let new = after(&server, "new 1").await;
    until(&new, &[(1, Serving), (2, Declared)]).await;
    let token = send(&[&left, &new], &mut wanted, 40).await;
    assert_before(&left, &wanted, token).await;
    assert_after(&new, &wanted, token, false).await;

    // It fills its version, while the other one answers, and is sent commands.
    new.backfill(&operator, "totals", None, None).await.unwrap();
    let token = send(&[&left, &new], &mut wanted, 40).await;
    until(&new, &[(1, Serving), (2, CaughtUp)]).await;
    assert_before(&left, &wanted, token).await;
    assert_after(&new, &wanted, token, false).await;
    assert_no_drift(&left).await;
    assert_no_drift(&new).await;

    // The last of the program before goes; then the next version takes its place, on all nodes.
    left.close().await;
    let begun = Instant::now();
    new.verify(&operator, "totals", None).await.unwrap();
    while let Err(problem) = new.cutover(&operator, "totals", None).await {
        // The rows that the other one kept are taken over first.
        assert!(begun.elapsed() < Duration::from_secs(20), "{problem}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let other = after(&server, "new 2").await;
    let token = send(&[&other, &new], &mut wanted, 40).await;
    assert_after(&new, &wanted, token, true).await;
    assert_after(&other, &wanted, token, true).await;
    assert_no_drift(&new).await;
    assert_no_drift(&other).await;
    new.close().await;
    other.close().await;
}

/// As where a machine of the program before fails in the midst of the upgrade. It knows nothing of the version that is being filled,
/// and leaves it to the one that fills it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_the_program_before_that_starts_again_spoils_nobody_s_answers() {
    use EditionState::{CaughtUp, Serving};
    let server = Postgres::start();
    let mut wanted = Wanted::default();
    let old = before(&server, "old 1").await;
    send(&[&old], &mut wanted, 40).await;
    let new = after(&server, "new 1").await;
    new.backfill(&Principal::default(), "totals", None, None).await.unwrap();
    until(&new, &[(1, Serving), (2, CaughtUp)]).await;
    old.close().await;
    let old = before(&server, "old 2").await;
    for _ in 0..3 {
        let token = send(&[&old, &new], &mut wanted, 14).await;
        assert_before(&old, &wanted, token).await;
        assert_after(&new, &wanted, token, false).await;
        tokio::time::sleep(TERM).await;
    }
    until(&new, &[(1, Serving), (2, CaughtUp)]).await;
    assert_no_drift(&old).await;
    assert_no_drift(&new).await;
    old.close().await;
    new.close().await;
}

/// A program without the version before has no use for its rows. A node of the program before that is still there answers from them
/// until it goes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_rows_the_next_program_has_no_use_for_answers_from_them_until_it_goes() {
    let server = Postgres::start();
    let mut wanted = Wanted::default();
    let old = before(&server, "old 1").await;
    send(&[&old], &mut wanted, 40).await;
    let context = Context::new("counts").tables_sql(FIRST).tables_sql(SECOND).read_models::<(After,)>();
    let new = start(&server, context.queries::<(GetAfter,)>(), "new 1").await;
    for _ in 0..3 {
        let token = send(&[&old, &new], &mut wanted, 14).await;
        assert_after(&new, &wanted, token, true).await;
        // It keeps them up for itself: they stay for a while.
        assert_before(&old, &wanted, token).await;
        tokio::time::sleep(TERM).await;
    }
    assert_no_drift(&new).await;
    old.close().await;
    new.close().await;
}

/// As where an operator looks with the next program at what the nodes of the program before serve.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_of_another_program_decides_nothing() {
    use EditionState::Serving;
    let server = Postgres::start();
    let mut wanted = Wanted::default();
    let old = before(&server, "old 1").await;
    send(&[&old], &mut wanted, 40).await;
    let guest = |context: Context| async {
        let stores = watershed::on_postgres(Options::new(server.server())).await.unwrap();
        let context = context.aggregate::<Count>().policy(AllowAll).lease(TERM).as_guest();
        context.queries::<(GetAfter,)>().start(stores).await
    };
    let next = || Context::new("counts").tables_sql(FIRST).tables_sql(SECOND).read_models::<(After,)>();
    let looks = guest(next().earlier::<Before, After>()).await.unwrap();
    let token = send(&[&old, &looks], &mut wanted, 14).await;
    assert_after(&looks, &wanted, token, false).await;
    until(&looks, &[(1, Serving)]).await;
    looks.close().await;
    // One that could not answer from what serves is not let in, rather than let have something else serve.
    let refused = guest(next()).await.err().unwrap().to_string();
    assert!(refused.contains("`totals 1`") && refused.contains("--server"), "{refused}");
    until(&old, &[(1, Serving)]).await;
    let token = send(&[&old], &mut wanted, 14).await;
    assert_before(&old, &wanted, token).await;
    old.close().await;
}
