//! The tables, version by version.

use tokio_postgres::Error;

use crate::connection::{Connection, quoted};
use crate::options::Options;

/// What each version of the tables adds.
const MIGRATIONS: &[&str] = &[include_str!("../migrations/0001_log.sql")];

/// One process migrates at a time, whichever schema it is about.
const LOCK: i64 = 0x7761_7465_7273_6864;

/// Brings the schema's tables to this program's version.
pub(crate) async fn migrate(connection: &Connection, options: &Options) -> Result<(), Error> {
    let schema = quoted(&options.schema);
    connection.run(&format!("BEGIN; SELECT pg_advisory_xact_lock({LOCK})")).await?;
    let done = bring_up(connection, &schema).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.run(end).await;
    done.and(ended)
}

async fn bring_up(connection: &Connection, schema: &str) -> Result<(), Error> {
    connection
        .run(&format!(
            "CREATE SCHEMA IF NOT EXISTS {schema};
             CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())"
        ))
        .await?;
    let rows = connection.query("SELECT coalesce(max(number), 0) FROM migrations", &[]).await?;
    let present = rows.first().map_or(0, |row| row.get::<_, i32>(0));
    for (sql, number) in MIGRATIONS.iter().zip(1_i32..) {
        if number > present {
            connection.run(sql).await?;
            connection.execute("INSERT INTO migrations (number) VALUES ($1)", &[&number]).await?;
        }
    }
    Ok(())
}
