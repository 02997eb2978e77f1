//! A whole context on PostgreSQL alone: log, rows, ledger and triage. It answers as the same context on SQLite does, and goes on
//! where it was when it is started again.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use coop::queries::{FamiliesByRiskTier, GetFamily, GetPaymentAnalytics, ListAtRiskFamilies, SearchFamilies};
use coop::year::{Expected, Step, Year};
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed::runtime::{LookAt, Running, Stores};
use watershed_postgres::{Options, PostgresLedger, PostgresLog, PostgresRows, PostgresTriage};
use watershed_testkit::postgres::Postgres;

/// The context at one instant: what is recorded, and what is worked out as it is read, is then the same wherever it runs.
fn context() -> Context {
    let now = "2025-06-01T12:00:00Z".parse().unwrap();
    coop::context().policy(AllowAll).clock(ManualClock::at(now))
}

/// A tool of somebody's own.
async fn client(server: &Postgres) -> tokio_postgres::Client {
    let client = watershed_testkit::postgres::client(&server.server()).await;
    client.batch_execute(&format!("SET search_path TO \"{VIEWS}\"")).await.unwrap();
    client
}

/// The loads that have made the tables, by group.
async fn loads(client: &tokio_postgres::Client) -> Vec<(String, i64)> {
    let sql = "SELECT projection_name, generation FROM checkpoints ORDER BY 1";
    client.query(sql, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

const VIEWS: &str = "views of the co-op";

/// A node without anything on its own disk.
async fn node(server: &Postgres) -> Running {
    let mut elsewhere = Options::new(server.server());
    elsewhere.schema = VIEWS.to_owned();
    let stores = Stores {
        log: Arc::new(PostgresLog::open(Options::new(server.server())).await.unwrap()),
        rows: Arc::new(PostgresRows::open(elsewhere).await.unwrap()),
        ledger: Arc::new(PostgresLedger::open(Options::new(server.server())).await.unwrap()),
        triage: Arc::new(PostgresTriage::open(Options::new(server.server())).await.unwrap()),
        beside_log: None,
        tables: None,
    };
    context().start(stores).await.unwrap()
}

async fn play(node: &Running, steps: &[Step]) {
    for step in steps {
        let sent = node.send(step.command.clone()).key(step.key.as_str()).await;
        let accepted = matches!(step.expected, Expected::Accepted | Expected::Replayed);
        assert_eq!(sent.is_ok(), accepted, "{}: {sent:?}", step.key);
    }
}

/// What is answered to each question, as JSON.
async fn answers(node: &Running, families: &[String]) -> Vec<String> {
    let token = node.token();
    let mut answers = Vec::new();
    macro_rules! ask {
        ($question:expr) => {
            let answer = node.ask($question).after(token).await.unwrap();
            assert!(!answer.stale);
            answers.push(serde_json::to_string(&answer.value).unwrap());
        };
    }
    for family_id in families {
        ask!(GetFamily { family_id: family_id.clone() });
    }
    ask!(ListAtRiskFamilies { min_risk: 70 });
    ask!(FamiliesByRiskTier {});
    let month = |text: &str| text.parse().unwrap();
    ask!(GetPaymentAnalytics { from: month("2000-01"), to: month("2100-12") });
    for term in ["a", "ER", "é", "%"] {
        ask!(SearchFamilies { term: term.to_owned() });
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_answers_as_on_sqlite_and_goes_on_where_it_was() {
    let steps: Vec<Step> = Year::new(12, 11).collect();
    let mut families: Vec<String> = steps.iter().map(|step| step.command.id().to_owned()).collect();
    families.sort_unstable();
    families.dedup();
    let (first, rest) = steps.split_at(steps.len() / 2);

    let server = Postgres::start();
    let client = client(&server).await;
    let running = node(&server).await;
    play(&running, first).await;
    let before = answers(&running, &families).await;
    running.close().await;
    let loads = loads(&client).await;
    let running = node(&server).await;
    let resumed = answers(&running, &families).await;
    assert_eq!(resumed, before, "what was there before it was started again");
    play(&running, rest).await;
    let found = answers(&running, &families).await;
    assert_eq!(self::loads(&client).await, loads, "it went on with the tables that were there");

    let folder = tempfile::tempdir().unwrap();
    let on_sqlite = context().start(watershed::embedded(folder.path()).unwrap()).await.unwrap();
    play(&on_sqlite, &steps).await;
    assert_eq!(found, answers(&on_sqlite, &families).await);
    on_sqlite.close().await;

    // Somebody with a tool of their own finds the same.
    let sql = "SELECT count(*) FROM family_detail WHERE tenant = 'default' AND NOT (status = 'none')";
    let count: i64 = client.query_one(sql, &[]).await.unwrap().get(0);
    assert!(count > 0 && usize::try_from(count).unwrap() <= families.len(), "{count} of {}", families.len());
    running.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_rows_are_rebuilt_held_against_the_log_put_right_saved_and_restored() {
    const GROUPS: [&str; 3] = ["family_detail", "at_risk_families", "family_month"];
    let steps: Vec<Step> = Year::new(12, 5).collect();
    let mut families: Vec<String> = steps.iter().map(|step| step.command.id().to_owned()).collect();
    families.sort_unstable();
    families.dedup();
    let (server, operator) = (Postgres::start(), Principal::default());
    let (client, node) = (client(&server).await, node(&server).await);
    play(&node, &steps).await;
    let wanted = answers(&node, &families).await;
    let before = loads(&client).await;
    for view in GROUPS {
        assert_eq!(node.reconcile(&operator, view, LookAt::Everything).await.unwrap().drift, 0, "{view}");
        node.rebuild_and_wait(&operator, view).await.unwrap();
    }
    let rebuilt = loads(&client).await;
    assert!(before.iter().zip(&rebuilt).all(|(before, now)| before.1 < now.1), "{before:?} {rebuilt:?}");
    assert_eq!(answers(&node, &families).await, wanted, "after all rows are folded anew");

    // Somebody changes a row by hand.
    let sql = "SELECT tables[array_position(views, 'family_detail')] FROM checkpoints WHERE projection_name = 'family_detail'";
    let table: String = client.query_one(sql, &[]).await.unwrap().get(0);
    let spoil = format!(
        "UPDATE \"{table}\" SET family_name = 'Nobody' WHERE _id = (SELECT _id FROM \"{table}\" WHERE _shown LIMIT 1)"
    );
    client.batch_execute(&spoil).await.unwrap();
    let report = node.reconcile(&operator, "family_detail", LookAt::Everything).await.unwrap();
    assert_eq!(report.drift, 1);
    node.repair(&operator, "family_detail").await.unwrap();
    assert_eq!(answers(&node, &families).await, wanted, "after it is put right");

    node.save(&operator, "family_month", "before the audit").await.unwrap();
    let restored = node.restore(&operator, "family_month", "before the audit").await.unwrap();
    let sql =
        "SELECT edition, position FROM checkpoints WHERE projection_name = 'family_month' ORDER BY edition";
    let editions = client.query(sql, &[]).await.unwrap();
    let found: Vec<(i64, i64)> = editions.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[1].0, i64::from(restored.edition));
    node.close().await;
}
