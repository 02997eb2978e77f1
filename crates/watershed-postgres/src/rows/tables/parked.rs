//! Parked keys, as rows.

use tokio_postgres::Statement;
use uuid::Uuid;
use watershed_core::ports::{ParkedKey, RowError, RowKey};
use watershed_core::{Key, Tenant, Timestamp};
use watershed_store::{from_sql, to_sql};

use super::super::edition::{Edition, Made};
use super::super::failure::{Failure, without_nul};
use super::super::names::row_id;
use super::read::{AsyncQuery, instant};
use crate::connection::Connection;

pub(crate) const PARK: &str = include_str!("../sql/park.sql");
pub(super) const UNPARK: &str = include_str!("../sql/unpark.sql");
const UNPARK_ALL: &str = include_str!("../sql/unpark_all.sql");
const LIST: &str = include_str!("../sql/parked_list.sql");

/// Parks a key of the table of that name, by a statement that is prepared.
pub(crate) async fn park(
    connection: &Connection,
    statement: &Statement,
    id: i64,
    view: &str,
    parked: &ParkedKey,
) -> Result<(), Failure> {
    let waiting: Vec<i64> = parked.waiting.iter().copied().map(to_sql).collect();
    let (error, fingerprint) = (without_nul(&parked.error), without_nul(&parked.fingerprint));
    connection
        .send(
            statement,
            &[
                &id,
                &view,
                &row_id(&parked.key),
                &parked.key.tenant.as_str(),
                &parked.key.key.as_str(),
                &to_sql(parked.position),
                &waiting,
                &error,
                &fingerprint,
                &parked.since.as_micros(),
                &i64::from(parked.attempts),
            ],
        )
        .await?;
    Ok(())
}

/// Parks these keys of the table of that name no more, by a statement that is prepared.
pub(super) async fn unpark(
    connection: &Connection,
    statement: &Statement,
    id: i64,
    view: &str,
    keys: &[Uuid],
) -> Result<(), Failure> {
    connection.send(statement, &[&id, &view, &keys]).await?;
    Ok(())
}

/// Forgets all parked keys of the group.
pub(crate) async fn unpark_all(connection: &Connection, id: i64) -> Result<(), Failure> {
    connection.execute(UNPARK_ALL, &[&id]).await?;
    Ok(())
}

/// The parked keys, the longest parked first.
pub(crate) async fn parked(
    edition: &Edition,
    made: &Made,
    query: impl AsyncQuery,
) -> Result<Option<Vec<ParkedKey>>, Failure> {
    let found = query.query(LIST, &[&made.id, &made.load]).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let mut parked = Vec::new();
    for row in &found {
        // The one row of a group that has none is empty.
        let Some(view) = row.try_get::<_, Option<&str>>(0)? else { continue };
        let Ok(table) = edition.place(view) else { continue };
        let waiting: Vec<i64> = row.try_get(4)?;
        let tenant: &str = row.try_get(1)?;
        parked.push(ParkedKey {
            table,
            key: RowKey { tenant: Tenant::stored(tenant.into()), key: Key::from(row.try_get::<_, &str>(2)?) },
            position: from_sql(row.try_get(3)?),
            waiting: waiting.into_iter().map(from_sql).collect(),
            error: row.try_get(5)?,
            fingerprint: row.try_get(6)?,
            since: instant(row, 7)?.unwrap_or(Timestamp::from_micros(0)),
            attempts: u32::try_from(row.try_get::<_, i64>(8)?).unwrap_or(u32::MAX),
        });
    }
    Ok(Some(parked))
}

/// Keys that PostgreSQL cannot keep are told before anything is written.
pub(super) fn check_key(key: &RowKey) -> Result<(), RowError> {
    if key.key.as_str().contains('\0') || key.tenant.as_str().contains('\0') {
        return Err(RowError::Store(format!(
            "the key {:?} holds NUL: PostgreSQL keeps no text with it",
            key.key
        )));
    }
    Ok(())
}
