use watershed_testkit::postgres::Postgres;

use super::*;
use crate::PostgresLog;

const FIRST: Migration = Migration { sql: "CREATE TABLE things (name text PRIMARY KEY)", oldest: 1 };
/// A column that older programs do not miss.
const SECOND: Migration = Migration { sql: "ALTER TABLE things ADD COLUMN size integer", oldest: 1 };
/// A column that older programs look for.
const THIRD: Migration = Migration { sql: "ALTER TABLE things DROP COLUMN name", oldest: 3 };

const V1: Part = Part { name: "things", migrations: &[FIRST] };
const V2: Part = Part { name: "things", migrations: &[FIRST, SECOND] };
const V3: Part = Part { name: "things", migrations: &[FIRST, SECOND, THIRD] };
const BROKEN: Part = Part {
    name: "things",
    migrations: &[FIRST, Migration { sql: "CREATE TABLE half (id integer); SELECT 1 / 0", oldest: 2 }],
};

fn options(server: &Postgres, schema: &str) -> Options {
    Options { schema: schema.to_owned(), ..Options::new(server.server()) }
}

async fn run(options: &Options, parts: &[Part]) -> Result<Vec<String>, OpenError> {
    let connection = Connection::open(&options.unhurried()).await?;
    bring_up(&connection, options, parts).await
}

/// So many at once; what each has done.
async fn at_once(options: &Options, part: Part, nodes: usize) -> Vec<String> {
    let all = (0..nodes).map(|_| {
        let options = options.clone();
        tokio::spawn(async move { run(&options, &[part]).await.unwrap() })
    });
    let all: Vec<_> = all.collect();
    let mut done = Vec::new();
    for node in all {
        done.extend(node.await.unwrap());
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_nodes_that_start_at_once_one_makes_the_tables() {
    let server = Postgres::start();
    for round in 0..5 {
        let options = options(&server, &format!("round {round}"));
        assert_eq!(at_once(&options, V1, 8).await, ["things 1"]);
        assert_eq!(at_once(&options, V2, 8).await, ["things 2"], "older tables are brought up");
        assert_eq!(at_once(&options, V2, 8).await, [""; 0]);
    }
    let nodes: Vec<_> =
        (0..8).map(|_| tokio::spawn(PostgresLog::open(options(&server, "the log")))).collect();
    let mut identities = std::collections::HashSet::new();
    for node in nodes {
        identities.insert(watershed_core::ports::EventLog::identity(&node.await.unwrap().unwrap()).id);
    }
    assert_eq!(identities.len(), 1, "all of them have opened the same log");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_works_with_newer_tables_only_where_they_say_that_it_can() {
    let server = Postgres::start();
    let options = options(&server, "s");
    run(&options, &[V2]).await.unwrap();
    assert_eq!(
        run(&options, &[V1]).await.unwrap(),
        [""; 0],
        "the second migration is for older programs too"
    );
    assert_eq!(run(&options, &[V3]).await.unwrap(), ["things 3"]);
    for (known, part) in [(1, V1), (2, V2)] {
        let said = run(&options, &[part]).await.unwrap_err().to_string();
        assert!(said.contains("newer") && said.contains(&format!("this one knows {known}")), "{said}");
    }
    // The lists of the parts do not touch one another.
    assert_eq!(run(&options, &[Part { name: "others", migrations: &[] }, V3]).await.unwrap(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let server = Postgres::start();
    let options = options(&server, "s");
    run(&options, &[BROKEN]).await.unwrap_err();
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = 's'";
    assert_eq!(server.sql(schemas), "0");
    run(&options, &[V1]).await.unwrap();
    run(&options, &[BROKEN]).await.unwrap_err();
    assert_eq!(server.sql("SELECT to_regclass('s.half') IS NULL, max(number) FROM s.migrations"), "t|1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_without_rights_starts_on_tables_that_somebody_else_has_made() {
    let server = Postgres::start();
    server.sql("CREATE ROLE app LOGIN");
    server.sql("CREATE SCHEMA watershed");
    let user = Options::new(server.server().replace("user=postgres", "user=app"));
    let said = PostgresLog::open(user.clone()).await.unwrap_err().to_string();
    assert!(said.contains("watershed store migrate --print"), "{said}");
    server.sql("DROP SCHEMA watershed");
    let said = PostgresLog::open(user.clone()).await.unwrap_err().to_string();
    assert!(said.contains("watershed store migrate --print"), "{said}");
    // What is printed is what somebody who may runs by hand.
    let printed = pending_sql(&user).await.unwrap();
    assert_eq!(printed, whole_sql("watershed"));
    server.sql(&printed);
    let said = PostgresLog::open(user.clone()).await.unwrap_err().to_string();
    assert!(said.contains("closed to this user"), "{said}");
    server.sql(
        "GRANT USAGE ON SCHEMA watershed TO app;
         GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA watershed TO app",
    );
    assert_eq!(pending_sql(&user).await.unwrap(), "");
    assert_eq!(migrate(&user).await.unwrap(), [""; 0]);
    PostgresLog::open(user).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_does_what_the_program_does() {
    let server = Postgres::start();
    let (by_program, by_hand) = (options(&server, "a"), options(&server, "b"));
    migrate(&by_program).await.unwrap();
    server.sql(&pending_sql(&by_hand).await.unwrap());
    let shape = |schema: &str| {
        server.sql(&format!(
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns
             WHERE table_schema = '{schema}' ORDER BY 1, 2;
             SELECT replace(indexdef, '{schema}.', '') FROM pg_indexes WHERE schemaname = '{schema}' ORDER BY 1;
             SELECT part, number, oldest FROM {schema}.migrations ORDER BY 1, 2"
        ))
    };
    assert!(shape("a").contains("idem_list"));
    assert_eq!(shape("a"), shape("b"));
}
