//! Whole editions as they stood at one moment, copied to tables of their own, with a note of what they are.

use std::sync::Arc;

use uuid::Uuid;
use watershed_core::ports::RowError;

use super::edition::FIND as EDITION;
use super::failure::Failure;
use super::names::{hash, table};
use super::pool::{Lent, Pool};
use super::sweep;
use super::tables::{leave, next_load};
use crate::connection::{Connection, quoted};

const FIND: &str = include_str!("sql/saved_find.sql");
const PUT: &str = include_str!("sql/saved_put.sql");
const GET: &str = include_str!("sql/saved_get.sql");
const RESTORE_CHECKPOINT: &str = include_str!("sql/restore_checkpoint.sql");
const RESTORE_PARKED: &str = include_str!("sql/restore_parked.sql");

/// What an edition is saved as of: other writers go on beside it.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ";

/// How often it is tried again because other tables took the place of those that were to be copied.
const AGAIN: usize = 5;

/// What stands for the name of something that is saved.
fn id(name: &str) -> Uuid {
    hash("watershed postgres 2026 saved", &[name])
}

/// Saves the edition under that name, whole or not at all.
pub(super) async fn save(
    pool: &Arc<Pool>,
    (group, edition): (&str, u32),
    name: &str,
    note: &str,
) -> Result<(), Failure> {
    let mut tries = 0;
    loop {
        let lent = pool.lend().await?;
        let saved = copy(&lent, (group, edition), name, note).await;
        match lent.end(saved).await {
            Err(failure) if failure.is_stale() && tries < AGAIN => tries += 1,
            saved => {
                saved?;
                break;
            }
        }
    }
    // What bore the name before.
    sweep::drop_leftovers(pool).await;
    Ok(())
}

async fn copy(lent: &Lent, (group, edition): (&str, u32), name: &str, note: &str) -> Result<(), Failure> {
    lent.run(BEGIN).await?;
    let number = i64::from(edition);
    let found = lent.query(FIND, &[&group, &number]).await?;
    let Some(row) = found.first() else {
        return Err(RowError::Store(format!("there is no edition {edition} of `{group}` to save")).into());
    };
    let (views, from): (Vec<String>, Vec<String>) = (row.try_get(1)?, row.try_get(2)?);
    let (checkpoint, parked): (&str, &str) = (row.try_get(3)?, row.try_get(4)?);
    let load = next_load(lent).await?;
    let names = |view: &String| table(&format!("saved.{group}"), view, edition, load);
    let to: Vec<String> = views.iter().map(names).collect();
    copy_tables(lent, &from, &to).await?;
    let id = id(name);
    if let Some(row) = lent.query(GET, &[&id]).await?.first() {
        let old: Vec<String> = row.try_get(2)?;
        leave(lent, &old, load).await?;
    }
    lent.execute(PUT, &[&id, &note.as_bytes(), &views, &to, &parked, &checkpoint]).await?;
    Ok(())
}

/// Makes tables like these with their indexes and their rows.
async fn copy_tables(connection: &Connection, from: &[String], to: &[String]) -> Result<(), Failure> {
    for (from, to) in from.iter().zip(to) {
        let (from, to) = (quoted(from), quoted(to));
        connection.run(&format!("CREATE TABLE {to} (LIKE {from} INCLUDING ALL)")).await?;
        connection.run(&format!("INSERT INTO {to} SELECT * FROM {from}")).await?;
    }
    Ok(())
}

/// The note of what was saved under that name.
pub(super) async fn note(pool: &Pool, name: &str) -> Result<Option<String>, Failure> {
    let found = pool.query(GET, &[&id(name)]).await?;
    let note: Option<&[u8]> = found.first().map(|row| row.try_get(0)).transpose()?;
    Ok(note.map(|note| String::from_utf8_lossy(note).into_owned()))
}

/// Makes an edition of what was saved under that name. In a transaction in which nobody else makes it.
pub(super) async fn restore(
    connection: &Connection,
    name: &str,
    group: &str,
    edition: u32,
) -> Result<(), Failure> {
    let number = i64::from(edition);
    if !connection.query(EDITION, &[&group, &number]).await?.is_empty() {
        return Err(RowError::Store(format!("edition {edition} of `{group}` is there already")).into());
    }
    let found = connection.query(GET, &[&id(name)]).await?;
    let Some(row) = found.first() else {
        return Err(RowError::Store(format!("nothing was saved as `{name}`")).into());
    };
    let (views, from): (Vec<String>, Vec<String>) = (row.try_get(1)?, row.try_get(2)?);
    let (parked, checkpoint): (&str, &str) = (row.try_get(3)?, row.try_get(4)?);
    let load = next_load(connection).await?;
    let to: Vec<String> = views.iter().map(|view| table(group, view, edition, load)).collect();
    copy_tables(connection, &from, &to).await?;
    for table in &to {
        connection.run(&format!("ANALYZE {}", quoted(table))).await?;
    }
    let made = connection.query(RESTORE_CHECKPOINT, &[&group, &number, &to, &load, &checkpoint]).await?;
    let row = made.first().ok_or_else(|| RowError::Store("a checkpoint was not made".to_owned()))?;
    let id: i64 = row.try_get(0)?;
    connection.execute(RESTORE_PARKED, &[&id, &parked]).await?;
    Ok(())
}
