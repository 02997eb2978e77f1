//! Tables that nobody needs any more: those of loads that did not finish, and those that others have taken the place of.

use std::sync::Arc;

use super::failure::Failure;
use super::names::lock;
use super::pool::{Lent, Pool};
use super::views;
use crate::connection::{Connection, quoted};

const LEFTOVERS: &str = include_str!("sql/leftovers.sql");
const UNLEAVE: &str = include_str!("sql/unleave.sql");
const HOLD: &str = include_str!("sql/hold.sql");
const TRY_HOLD: &str = include_str!("sql/try_hold.sql");

/// Whoever reads a table of the past is not waited for: it is dropped another time.
const SHORTLY: &str = "BEGIN; SET LOCAL lock_timeout = '50ms'";

/// The number of the lock of a load.
fn lock_of(schema: &str, load: i64) -> i64 {
    lock("watershed postgres 2026 load", &[schema, &load.to_string()])
}

/// Holds the load until the connection ends: its tables are not dropped meanwhile.
pub(super) async fn hold(lent: &Lent, schema: &str, load: i64) -> Result<(), Failure> {
    lent.query(HOLD, &[&lock_of(schema, load)]).await?;
    Ok(())
}

/// Drops what is left, as far as nobody holds it. What cannot be dropped now is dropped another time.
pub(super) async fn drop_leftovers(pool: &Arc<Pool>) {
    if let Err(failure) = try_drop(pool).await {
        tracing::debug!(?failure, "tables that nobody needs could not be dropped yet");
    }
}

async fn try_drop(pool: &Arc<Pool>) -> Result<(), Failure> {
    let lent = pool.lend().await?;
    views::catch_up(&lent).await?;
    for row in lent.query(LEFTOVERS, &[]).await? {
        let (table, load): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        lent.run(SHORTLY).await?;
        let dropped = drop_one(&lent, &table, lock_of(&pool.options().schema, load)).await;
        match dropped {
            Ok(()) => lent.run("COMMIT").await?,
            Err(failure) if failure.is_lost() => return Err(failure),
            Err(failure) => {
                lent.run("ROLLBACK").await?;
                tracing::debug!(?failure, table, "a table that nobody needs could not be dropped yet");
            }
        }
    }
    lent.give_back();
    Ok(())
}

async fn drop_one(connection: &Connection, table: &str, lock: i64) -> Result<(), Failure> {
    let held = connection.query(TRY_HOLD, &[&lock]).await?;
    let is_free = held.first().map(|row| row.try_get::<_, bool>(0)).transpose()?;
    if is_free == Some(true) {
        connection.run(&format!("DROP TABLE IF EXISTS {}", quoted(table))).await?;
        connection.execute(UNLEAVE, &[&vec![table]]).await?;
    }
    Ok(())
}
