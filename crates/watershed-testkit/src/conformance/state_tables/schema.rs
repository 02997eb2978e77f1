use watershed_core::ports::{SchemaStep, StateError};
use watershed_core::write::{StateColumn, StateTable, TablesSpec};
use watershed_core::{ColumnKind, Tenant};

use super::bench::{Bench, TABLES, things};
use crate::conformance::promise::{Checked, Problem, holds, same};

const fn step(number: u32, sql: &'static str) -> SchemaStep {
    SchemaStep { number, sqlite: sql, postgres: sql }
}

pub(super) async fn once(bench: Bench) -> Checked {
    let first = step(1, "CREATE TABLE notes (id TEXT)");
    let second = step(2, "ALTER TABLE notes ADD COLUMN version BIGINT; INSERT INTO notes (id) VALUES ('x')");
    let stores = bench.stores().await;
    stores.tables.make("a", &[second, first]).await?;
    stores.tables.make("a", &[first, second]).await?;
    // Another context's steps are others, whatever their numbers.
    stores.tables.make("b", &[step(1, "CREATE TABLE others (id TEXT)")]).await?;
    drop(stores);
    let stores = bench.stores().await;
    stores.tables.make("a", &[first, second, step(3, "CREATE TABLE more (id TEXT)")]).await?;
    bench.outside("INSERT INTO more (id) SELECT id FROM notes").await?;
    bench.outside("CREATE UNIQUE INDEX notes_once ON notes (id)").await
}

pub(super) async fn fails(bench: Bench) -> Checked {
    let stores = bench.stores().await;
    let steps = [
        step(1, "CREATE TABLE notes (id TEXT)"),
        step(2, "CREATE TABLE half (id TEXT); CREATE TABLE half (id TEXT)"),
        step(3, "CREATE TABLE behind (id TEXT)"),
    ];
    let answer = stores.tables.make("a", &steps).await;
    holds!(matches!(answer, Err(StateError::Unfit(_))), "a step that fails: {answer:?}");
    bench.outside("INSERT INTO notes (id) VALUES ('x')").await?;
    for gone in ["half", "behind"] {
        let found = bench.outside(&format!("INSERT INTO {gone} (id) VALUES ('x')")).await;
        holds!(found.is_err(), "`{gone}` was made");
    }
    let answer = stores.tables.make("a", &[step(1, "CREATE TABLE notes (id TEXT, more TEXT)")]).await;
    holds!(matches!(answer, Err(StateError::Unfit(_))), "a step that is not what it was: {answer:?}");
    let twice = [step(7, "CREATE TABLE seven (id TEXT)"), step(7, "CREATE TABLE eight (id TEXT)")];
    let answer = stores.tables.make("a", &twice).await;
    holds!(matches!(answer, Err(StateError::Unfit(_))), "two steps with one number: {answer:?}");
    stores.tables.make("a", &[steps[0], steps[2]]).await?;
    Ok(())
}

pub(super) async fn reserved(bench: Bench) -> Checked {
    let stores = bench.stores().await;
    let wrong = [
        "DROP TABLE events",
        "ALTER TABLE events ADD COLUMN mine TEXT",
        "CREATE INDEX mine ON events (tenant)",
        "CREATE TABLE mine (id TEXT); COMMIT",
    ];
    for (number, sql) in (1..).zip(wrong) {
        let answer = stores.tables.make("a", &[step(number, sql)]).await;
        holds!(matches!(answer, Err(StateError::Unfit(_))), "{sql}: {answer:?}");
    }
    let mapping = |name| {
        let columns = vec![StateColumn { name: "name", kind: ColumnKind::Text, optional: false }];
        let root = StateTable { name, tenant: Some("tenant"), id: "stream", key: Vec::new(), columns };
        TablesSpec { root, version: "version", children: Vec::new() }
    };
    let answer = stores.tables.check(&mapping("events")).await;
    holds!(matches!(answer, Err(StateError::Unfit(_))), "the log's own table: {answer:?}");
    Ok(())
}

pub(super) async fn unfit(bench: Bench) -> Checked {
    let open = bench.open().await?;
    open.tables.check(&open.things).await?;
    let mut wrong = things();
    wrong.version = "count_of_saves";
    wrong.root.columns.push(StateColumn { name: "colour", kind: ColumnKind::Text, optional: false });
    wrong.root.columns[0].kind = ColumnKind::Bool;
    wrong.children[0].id = "parent_id";
    let Err(StateError::Unfit(told)) = open.tables.check(&wrong).await else {
        return Err(Problem::new("tables that do not fit were found to fit"));
    };
    for word in ["count_of_saves", "colour", "sku", "parent_id"] {
        holds!(told.contains(word), "`{word}` is not told: {told}");
    }
    wrong = things();
    wrong.root.name = "no such thing";
    let answer = open.tables.check(&wrong).await;
    let told = matches!(&answer, Err(StateError::Unfit(told)) if told.contains("no such thing"));
    holds!(told, "a table that is not there: {answer:?}");
    let answer = open.tables.load(&wrong, &Tenant::default(), "x").await;
    holds!(answer.is_err(), "rows of a table that is not there: {answer:?}");
    same("the steps", &open.tables.make("checks", &[TABLES]).await, &Ok(()))
}
