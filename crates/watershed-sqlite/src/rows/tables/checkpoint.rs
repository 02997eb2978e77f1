//! The checkpoint of a group, as a row.

use rusqlite::{Connection, OptionalExtension, params};
use watershed_core::ports::{Checkpoint, RowError};
use watershed_core::{EventId, Timestamp};

use super::super::failure::failure;
use super::read::{instant, unsigned};
use super::{Tables, execute};

const SET: &str = include_str!("../sql/checkpoint_set.sql");
const GET: &str = include_str!("../sql/checkpoint_get.sql");

impl Tables {
    /// How far the group has come: nowhere, where the tables are of another version.
    pub(crate) fn checkpoint(&self, connection: &Connection) -> Result<Checkpoint, RowError> {
        connection
            .prepare_cached(GET)
            .and_then(|mut statement| {
                statement
                    .query_row(self.edition(), |row| {
                        let id: Option<String> = row.get(1)?;
                        Ok(Checkpoint {
                            position: unsigned(row, 0)?,
                            event_id: id.as_deref().and_then(event_id),
                            event_version: unsigned(row, 2)?,
                            event_time: instant(row, 3)?,
                            events_processed: unsigned(row, 4)?,
                            status: row.get(5)?,
                            last_error: row.get(6)?,
                            updated_at: instant(row, 7)?,
                        })
                    })
                    .optional()
            })
            .map(Option::unwrap_or_default)
            .map_err(failure)
    }

    /// Writes the checkpoint; `false` where the tables are of another version.
    pub(crate) fn set_checkpoint(
        &self,
        connection: &Connection,
        checkpoint: &Checkpoint,
    ) -> Result<bool, RowError> {
        let (name, version, layout) = self.edition();
        let id = checkpoint.event_id.map(|id| id.to_string());
        let changed = execute(
            connection,
            SET,
            params![
                name,
                version,
                layout,
                signed(checkpoint.position),
                id,
                signed(checkpoint.event_version),
                checkpoint.event_time.map(Timestamp::as_micros),
                signed(checkpoint.events_processed),
                checkpoint.status,
                checkpoint.last_error,
                checkpoint.updated_at.map(Timestamp::as_micros),
            ],
        )?;
        Ok(changed == 1)
    }
}

fn event_id(text: &str) -> Option<EventId> {
    let id: uuid::Uuid = text.parse().ok()?;
    Some(EventId::from_bytes(id.into_bytes()))
}

/// SQLite's numbers are signed; positions and versions stay far below their end.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
