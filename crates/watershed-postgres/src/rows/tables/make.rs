//! Tables come into being, and give way to those of another load.

use watershed_core::ports::RowError;

use super::super::edition::{Edition, Found, Made};
use super::super::failure::Failure;
use super::super::statements::{create_indexes, create_table};
use super::journal;
use super::parked::unpark_all;
use crate::connection::Connection;

const NEXT_LOAD: &str = include_str!("../sql/next_load.sql");
const MAKE: &str = include_str!("../sql/make.sql");
const LEAVE: &str = include_str!("../sql/leave.sql");
const REMOVE: &str = include_str!("../sql/remove.sql");

/// Writes down that nobody needs these tables any more, or yet.
pub(crate) async fn leave(connection: &Connection, tables: &[String], load: i64) -> Result<(), Failure> {
    connection.execute(LEAVE, &[&tables, &load]).await?;
    Ok(())
}

/// A number that no load has had.
pub(crate) async fn next_load(connection: &Connection) -> Result<i64, Failure> {
    let found = connection.query(NEXT_LOAD, &[]).await?;
    let row = found.first().ok_or_else(|| RowError::Store("a sequence gave no number".to_owned()))?;
    Ok(row.try_get(0)?)
}

/// Makes empty tables, and writes down that they are the edition's, in the place of those that it had. In a transaction.
pub(crate) async fn make(
    connection: &Connection,
    edition: &Edition,
    old: Option<&Found>,
) -> Result<Made, Failure> {
    let load = next_load(connection).await?;
    let names = edition.names(load);
    for (spec, name) in edition.specs.iter().zip(&names) {
        connection.run(&create_table(spec, name)).await?;
        for index in create_indexes(spec, name) {
            connection.run(&index).await?;
        }
    }
    let made = replace(connection, edition, old, load, names).await?;
    Ok(made)
}

/// Writes down that a load's tables are the edition's, with a checkpoint of 0 and no parked key. What it had before is left to be
/// dropped when nobody reads it any more. In a transaction.
pub(crate) async fn replace(
    connection: &Connection,
    edition: &Edition,
    old: Option<&Found>,
    load: i64,
    names: Vec<String>,
) -> Result<Made, Failure> {
    if let Some(old) = old {
        leave(connection, &old.tables, old.load).await?;
        unpark_all(connection, old.id).await?;
    }
    let (number, views) = (i64::from(edition.number), edition.views());
    let made = connection
        .query(MAKE, &[&edition.name, &number, &edition.version, &edition.layout, &views, &names, &load])
        .await?;
    let row = made.first().ok_or_else(|| RowError::Store("a checkpoint was not made".to_owned()))?;
    Ok(edition.of_load(row.try_get(0)?, load, names))
}

/// Removes everything that stands in the database for an edition. Its tables are left to be dropped.
pub(crate) async fn drop_group(
    connection: &Connection,
    id: i64,
    load: i64,
    tables: &[String],
) -> Result<(), Failure> {
    leave(connection, tables, load).await?;
    unpark_all(connection, id).await?;
    journal::remove(connection, id).await?;
    connection.execute(REMOVE, &[&id]).await?;
    Ok(())
}
