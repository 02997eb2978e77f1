//! Views that show what is published, to people and tools that know nothing of editions: `at_risk_families` shows the rows that
//! readers see, of the edition that serves.

use std::collections::HashMap;

use tokio_postgres::error::SqlState;
use watershed_core::ports::RowError;

use super::failure::Failure;
use super::names::cut;
use super::statements::create_view;
use crate::connection::{Connection, quoted};

const UNPUBLISH: &str = include_str!("sql/unpublish.sql");
const PUBLISH: &str = include_str!("sql/publish.sql");
const SHOWN: &str = include_str!("sql/published_tables.sql");
const VIEWS: &str = include_str!("sql/published_views.sql");
const BEHIND: &str = include_str!("sql/published_behind.sql");
const IS_TAKEN: &str = include_str!("sql/name_taken.sql");
const COLUMNS: &str = include_str!("sql/columns.sql");
const NOTE: &str = include_str!("sql/published_note.sql");
const FORGET: &str = include_str!("sql/published_forget.sql");

/// Shows this edition under the group's own names. In a transaction.
pub(super) async fn publish(connection: &Connection, group: &str, edition: u32) -> Result<(), Failure> {
    let number = i64::from(edition);
    connection.execute(UNPUBLISH, &[&group, &number]).await?;
    if connection.execute(PUBLISH, &[&group, &number]).await? == 0 {
        return Err(RowError::Store(format!("there is no edition {edition} of `{group}` to show")).into());
    }
    refresh(connection, group).await
}

/// Has the group's views show the tables that are in their place now, where it is published. In a transaction, which goes on
/// whatever stands in the way: somebody may read the views for long. They are seen to later.
pub(super) async fn follow(connection: &Connection, group: &str) -> Result<(), Failure> {
    connection.run("SAVEPOINT views; SET LOCAL lock_timeout = '1s'").await?;
    match refresh(connection, group).await {
        Ok(()) => connection.run("RELEASE views").await?,
        Err(failure) if failure.is_lost() => return Err(failure),
        Err(failure) => {
            connection.run("ROLLBACK TO views").await?;
            tracing::warn!(
                ?failure,
                group,
                "the group's views show its rows as they were; they are seen to later"
            );
        }
    }
    Ok(())
}

/// Sees to views that show tables of the past.
pub(super) async fn catch_up(connection: &Connection) -> Result<(), Failure> {
    for row in connection.query(BEHIND, &[]).await? {
        let group: String = row.try_get(0)?;
        connection.run("BEGIN").await?;
        follow(connection, &group).await?;
        connection.run("COMMIT").await?;
    }
    Ok(())
}

/// Takes the group's views away. In a transaction.
pub(super) async fn remove(connection: &Connection, group: &str) -> Result<(), Failure> {
    for (view, _) in views(connection, group).await?.into_values() {
        forget(connection, &view).await?;
    }
    Ok(())
}

async fn refresh(connection: &Connection, group: &str) -> Result<(), Failure> {
    let mut present = views(connection, group).await?;
    let shown = connection.query(SHOWN, &[&group]).await?;
    if shown.is_empty() {
        // Nothing is published.
        return Ok(());
    }
    for row in &shown {
        let (of, table): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let view = match present.remove(&of) {
            Some((_, shown)) if shown == table => continue,
            Some((view, _)) => view,
            None => free_name(connection, group, &of).await?,
        };
        show(connection, &view, &table).await?;
        connection.execute(NOTE, &[&view, &group, &of, &table]).await?;
    }
    // What the edition has no tables for.
    for (view, _) in present.into_values() {
        forget(connection, &view).await?;
    }
    Ok(())
}

/// The group's views and the tables that they show, by what they are of.
async fn views(connection: &Connection, group: &str) -> Result<HashMap<String, (String, String)>, Failure> {
    let mut views = HashMap::new();
    for row in connection.query(VIEWS, &[&group]).await? {
        views.insert(row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?));
    }
    Ok(views)
}

/// The read model's own name; where something else bears it, with the group's before it.
async fn free_name(connection: &Connection, group: &str, of: &str) -> Result<String, Failure> {
    let own = cut(of);
    let name = quoted(&own);
    let taken = connection.query(IS_TAKEN, &[&name]).await?;
    let is_taken = taken.first().map(|row| row.try_get::<_, bool>(0)).transpose()?;
    Ok(if is_taken == Some(true) { cut(&format!("{group}.{of}")) } else { own })
}

/// Has the view show that table. What others have built on it stays, where the columns allow it.
async fn show(connection: &Connection, view: &str, table: &str) -> Result<(), Failure> {
    let name = quoted(table);
    let columns = connection.query(COLUMNS, &[&name]).await?;
    let columns: Result<Vec<String>, _> = columns.iter().map(|row| row.try_get(0)).collect();
    let create = create_view(&columns?, view, table);
    connection.run("SAVEPOINT one_view").await?;
    match connection.run(&create).await {
        Err(error) if error.code() == Some(&SqlState::INVALID_TABLE_DEFINITION) => {
            // Other columns.
            let drop = format!("ROLLBACK TO one_view; DROP VIEW IF EXISTS {}", quoted(view));
            connection.run(&drop).await?;
            connection.run(&create).await?;
        }
        created => created?,
    }
    Ok(connection.run("RELEASE one_view").await?)
}

async fn forget(connection: &Connection, view: &str) -> Result<(), Failure> {
    connection.run(&format!("DROP VIEW IF EXISTS {}", quoted(view))).await?;
    connection.execute(FORGET, &[&view]).await?;
    Ok(())
}
