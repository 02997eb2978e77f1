//! Pages are read from an index, however deep they lie: no table is walked through, and nothing large is sorted. For pages by one
//! column that is so before the table's statistics are known.

use std::borrow::Cow;

use watershed_core::ports::{GroupSpec, RowKey, StoredRow};
use watershed_core::read::Comparison;
use watershed_core::{
    Ask, ColumnKind, ColumnSpec, Direction, IndexSpec, Predicate, TableSpec, Tenant, Value,
};
use watershed_store::rows::{Bind, Question};
use watershed_testkit::postgres::Postgres;

use super::{PAGE_BEFORE, TableSql, page, scan};
use crate::Options;
use crate::connection::{Connection, quoted};
use crate::migrate::{ROWS, bring_up};
use crate::rows::edition::{Edition, Made};
use crate::rows::tables::make;

const ROWS_THERE: usize = 20_000;
const LIMIT: usize = 20;

fn column(name: &'static str, kind: ColumnKind) -> ColumnSpec {
    ColumnSpec {
        name: name.into(),
        kind,
        optional: true,
        key: false,
        indexed: true,
        searched: false,
        internal: false,
    }
}

fn spec() -> TableSpec {
    TableSpec {
        name: "families".into(),
        columns: Cow::Owned(vec![
            ColumnSpec { key: true, optional: false, ..column("id", ColumnKind::Text) },
            column("risk", ColumnKind::Int),
            column("dues", ColumnKind::Decimal),
            column("word", ColumnKind::Text),
        ]),
        indexes: Cow::Owned(vec![IndexSpec {
            columns: Cow::Owned(vec![("risk", Direction::Descending), ("word", Direction::Ascending)]),
        }]),
    }
}

/// A table of thousands of rows, many of them equal in what they are sorted by.
async fn filled(connection: &Connection) -> Made {
    let options = Options::new("");
    bring_up(connection, &options, &[ROWS]).await.unwrap();
    let edition = Edition::new(GroupSpec {
        name: "families".into(),
        edition: 1,
        version: "1".into(),
        tables: vec![spec()],
        journal: Vec::new(),
    });
    let made = make(connection, &edition, None).await.unwrap();
    let fill = format!(
        "ALTER TABLE {table} SET (autovacuum_enabled = false);
         INSERT INTO {table} SELECT gen_random_uuid(), 'default', 'k' || lpad(i::text, 6, '0'), i % 7,
             CASE WHEN i % 3 > 0 THEN i END, 'w' || i % 5, 1, 1, true, false
         FROM generate_series(1, {ROWS_THERE}) i",
        table = quoted(&made.tables[0].table),
    );
    connection.run(&fill).await.unwrap();
    made
}

fn literal(bind: &Bind<'_>) -> String {
    let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match bind {
        Bind::Value(Value::Text(value)) => text(value),
        Bind::Value(value) => format!("{value:?}"),
        Bind::Text(value) => text(value),
        Bind::Int(number) => number.to_string(),
        Bind::Values(_) => "NULL".to_owned(),
    }
}

/// How many rows the statement looks at, and how it is answered.
async fn looked_at(connection: &Connection, sql: &str, values: &[String]) -> (usize, String) {
    connection.run(&format!("PREPARE asked AS {sql}")).await.unwrap();
    let explain = format!(
        "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE asked ({})",
        values.join(", ")
    );
    let lines = connection.query(&explain, &[]).await.unwrap();
    connection.run("DEALLOCATE asked").await.unwrap();
    let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
    let number = |text: &str| text.split(|letter: char| !letter.is_ascii_digit()).next().map(str::to_owned);
    let after = |line: &String, word: &str| -> usize {
        let rest = line.split_once(word).and_then(|(_, rest)| number(rest));
        rest.and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    let looked = lines.iter().map(|line| {
        let scanned = if line.contains("Scan") { after(line, "actual rows=") } else { 0 };
        scanned + after(line, "Rows Removed by Filter: ")
    });
    (looked.sum(), lines.join("\n"))
}

/// Asks for the page behind the row with these contents.
async fn page_after(
    connection: &Connection,
    made: &Made,
    sort: &[(&'static str, Direction)],
    after: [Value; 4],
) -> (usize, String) {
    let table: &TableSql = &made.tables[0];
    let tenant = Tenant::default();
    let mut ask = Ask {
        sort: sort.iter().map(|(name, direction)| ((*name).into(), *direction)).collect(),
        limit: 1,
        ..Ask::rows("families")
    };
    let Value::Text(id) = &after[0] else { panic!("{after:?}") };
    let key = RowKey { tenant: tenant.clone(), key: (&**id).into() };
    let stored = StoredRow { key, values: after.to_vec(), position: 1, revision: 1, shown: true };
    let cursor = {
        let first = Question::new(table.rows_from(), &tenant, &ask, PAGE_BEFORE + 1).unwrap();
        first.page(vec![stored.clone(), stored]).1
    };
    ask.after = cursor;
    ask.limit = u32::try_from(LIMIT).unwrap();
    let question = Question::new(table.rows_from(), &tenant, &ask, PAGE_BEFORE + 1).unwrap();
    let segments = question.segments();
    let (sql, binds) = page(table, &question, &segments);
    let mut values = vec![made.id.to_string(), made.load.to_string(), "'families'".to_owned()];
    values.extend(binds.iter().map(literal));
    looked_at(connection, &sql, &values).await
}

fn row(id: &str, risk: i64, dues: Option<i64>, word: &str) -> [Value; 4] {
    let dues = dues.map_or(Value::Null, |dues| Value::Decimal(dues.into()));
    [Value::Text(id.into()), Value::Int(risk), dues, Value::Text(word.into())]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_costs_what_it_holds_however_deep_it_lies() {
    use Direction::{Ascending, Descending};
    let server = Postgres::start();
    let connection = Connection::open(&Options::new(server.server())).await.unwrap();
    let made = filled(&connection).await;
    for is_known in [false, true] {
        if is_known {
            connection.run("ANALYZE").await.unwrap();
        }
        let deep = || row("k010000", 3, Some(10_000), "w2");
        let sorts: [&[(&str, Direction)]; 8] = [
            &[],
            &[("risk", Ascending)],
            &[("risk", Descending)],
            &[("dues", Ascending)],
            &[("dues", Descending)],
            &[("word", Ascending)],
            &[("word", Descending)],
            &[("risk", Descending), ("word", Ascending)],
        ];
        for sort in sorts.into_iter().filter(|sort| is_known || sort.len() < 2) {
            for after in [deep(), row("k010001", 3, None, "w2")] {
                let (looked, plan) = page_after(&connection, &made, sort, after).await;
                // As many rows as the page holds from each of at most four runs, and the checkpoint.
                let most = 5 * (LIMIT + 1) + 1;
                assert!(looked > LIMIT / 2 && looked <= most, "{looked} rows for {sort:?}:\n{plan}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fold_that_looks_for_rows_by_a_column_reads_those_alone() {
    let server = Postgres::start();
    let connection = Connection::open(&Options::new(server.server())).await.unwrap();
    let made = filled(&connection).await;
    connection.run("ANALYZE").await.unwrap();
    let filter = Predicate::Compare {
        column: "dues".into(),
        comparison: Comparison::Equal,
        value: Value::Decimal(10_000.into()),
    };
    let tenant = Tenant::default();
    let from = made.tables[0].rows_from();
    let (sql, binds) = scan(&from, &tenant, (&filter, None, 10_000)).unwrap();
    let values: Vec<String> = binds.iter().map(literal).collect();
    let (looked, plan) = looked_at(&connection, &sql, &values).await;
    assert!((1..=3).contains(&looked), "{looked} rows:\n{plan}");
}
