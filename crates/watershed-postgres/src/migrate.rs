//! The tables, version by version.

use tokio_postgres::Error;

use crate::connection::{Connection, quoted};
use crate::options::Options;

/// Tables that belong together. Parts may stand in one schema, and know nothing of each other.
pub(crate) struct Part {
    name: &'static str,
    /// What each version of the tables adds.
    migrations: &'static [&'static str],
}

const LOG: Part = Part { name: "log", migrations: &[include_str!("../migrations/0001_log.sql")] };
pub(crate) const ROWS: Part =
    Part { name: "rows", migrations: &[include_str!("../migrations/0001_rows.sql")] };
pub(crate) const LEDGER: Part =
    Part { name: "ledger", migrations: &[include_str!("../migrations/0001_ledger.sql")] };
pub(crate) const TRIAGE: Part =
    Part { name: "triage", migrations: &[include_str!("../migrations/0001_triage.sql")] };

/// One process migrates at a time, whichever schema it is about.
const LOCK: i64 = 0x7761_7465_7273_6864;

/// Brings the log's tables to this program's version.
pub(crate) async fn migrate(connection: &Connection, options: &Options) -> Result<(), Error> {
    migrate_part(connection, options, &LOG).await
}

/// Brings a part's tables to this program's version.
pub(crate) async fn migrate_part(
    connection: &Connection,
    options: &Options,
    part: &Part,
) -> Result<(), Error> {
    let schema = quoted(&options.schema);
    connection.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})")).await?;
    let done = bring_up(connection, &schema, part).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.run(end).await;
    done.and(ended)
}

async fn bring_up(connection: &Connection, schema: &str, part: &Part) -> Result<(), Error> {
    connection
        .run(&format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};
             CREATE TABLE IF NOT EXISTS migrations (
                 part text NOT NULL, number integer NOT NULL, at timestamptz NOT NULL DEFAULT now(),
                 PRIMARY KEY (part, number)
             )"
        ))
        .await?;
    let sql = "SELECT coalesce(max(number), 0) FROM migrations WHERE part = $1";
    let rows = connection.query(sql, &[&part.name]).await?;
    let present = rows.first().map_or(0, |row| row.get::<_, i32>(0));
    for (sql, number) in part.migrations.iter().zip(1_i32..) {
        if number > present {
            connection.run(sql).await?;
            let sql = "INSERT INTO migrations (part, number) VALUES ($1, $2)";
            connection.execute(sql, &[&part.name, &number]).await?;
        }
    }
    Ok(())
}
