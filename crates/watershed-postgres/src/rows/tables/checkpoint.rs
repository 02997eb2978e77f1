//! The checkpoint of a group, as a row.

use tokio_postgres::Statement;
use uuid::Uuid;
use watershed_core::ports::{Checkpoint, RowError};
use watershed_core::{EventId, Timestamp};
use watershed_store::{from_sql, to_sql};

use super::super::edition::Made;
use super::super::failure::{Failure, without_nul};
use super::read::{AsyncQuery, instant};
use crate::connection::Connection;

pub(crate) const SET: &str = include_str!("../sql/checkpoint_set.sql");
const GET: &str = include_str!("../sql/checkpoint_get.sql");

/// How far the group has come.
pub(crate) async fn checkpoint(made: &Made, query: impl AsyncQuery) -> Result<Option<Checkpoint>, Failure> {
    let found = query.query(GET, &[&made.id, &made.load]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let id: Option<Uuid> = row.try_get(1)?;
    Ok(Some(Checkpoint {
        position: from_sql(row.try_get(0)?),
        event_id: id.map(|id| EventId::from_bytes(id.into_bytes())),
        event_version: from_sql(row.try_get(2)?),
        event_time: instant(row, 3)?,
        events_processed: from_sql(row.try_get(4)?),
        status: row.try_get(5)?,
        last_error: row.try_get(6)?,
        updated_at: instant(row, 7)?,
    }))
}

/// Writes the checkpoint of these tables, as part of the write of that name, by a statement that is prepared.
pub(crate) async fn set_checkpoint(
    connection: &Connection,
    statement: &Statement,
    (id, load): (i64, i64),
    checkpoint: &Checkpoint,
    write: Uuid,
) -> Result<(), Failure> {
    let event = checkpoint.event_id.map(|id| Uuid::from_bytes(*id.as_bytes()));
    let status = without_nul(&checkpoint.status);
    let error = checkpoint.last_error.as_deref().map(without_nul);
    let set = connection
        .send(
            statement,
            &[
                &id,
                &load,
                &to_sql(checkpoint.position),
                &event,
                &to_sql(checkpoint.event_version),
                &checkpoint.event_time.map(Timestamp::as_micros),
                &to_sql(checkpoint.events_processed),
                &status,
                &error,
                &checkpoint.updated_at.map(Timestamp::as_micros),
                &write,
            ],
        )
        .await?;
    if set == 1 {
        return Ok(());
    }
    // invariant: whoever writes holds the row's lock, and has seen the row
    Err(RowError::Store("the checkpoint is not there any more".to_owned()).into())
}
