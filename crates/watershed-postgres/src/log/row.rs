//! Rows of `events`, held against their checksums.

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;
use uuid::Uuid;
use watershed_core::StoredEvent;
use watershed_core::ports::{LogError, NameCache};
use watershed_store::{EventRow, checksum, from_sql};

/// The event, once its checksum has been verified. `bytes` is left with what that was taken over, for whoever checks links.
pub(crate) fn read_event(
    row: &Row,
    names: &mut NameCache,
    bytes: &mut Vec<u8>,
) -> Result<StoredEvent, LogError> {
    let cells = Cells { row, position: row.try_get(0).map_or(0, from_sql) };
    let id: Uuid = cells.get(1)?;
    let event = EventRow {
        position: cells.position,
        id: id.as_bytes(),
        tenant: cells.get(2)?,
        category: cells.get(3)?,
        stream: cells.get(4)?,
        version: from_sql(cells.get(5)?),
        name: cells.get(6)?,
        schema: cells.small(7)?,
        payload: cells.get::<&str>(8)?.as_bytes(),
        recorded_at: cells.get(9)?,
        actor: cells.get(10)?,
        correlation: cells.get(11)?,
        causation: cells.get(12)?,
        traceparent: cells.get(13)?,
        tags: cells.get(14)?,
        idem_key: cells.get(15)?,
        fingerprint: cells.get(16)?,
        follows: match cells.get::<Option<i64>>(17)? {
            None => None,
            Some(_) => Some(cells.small(17)?),
        },
        key_id: cells.get(18)?,
    };
    bytes.clear();
    event.encode(bytes);
    if checksum(bytes) != from_sql(cells.get(19)?) {
        return Err(cells.damaged("its checksum does not fit"));
    }
    event.raw()?.to_stored(names)
}

struct Cells<'r> {
    row: &'r Row,
    position: u64,
}

impl<'r> Cells<'r> {
    fn get<T: FromSql<'r>>(&self, column: usize) -> Result<T, LogError> {
        self.row.try_get(column).map_err(|_| self.wrong(column))
    }

    fn small(&self, column: usize) -> Result<u32, LogError> {
        u32::try_from(self.get::<i64>(column)?).map_err(|_| self.wrong(column))
    }

    fn wrong(&self, column: usize) -> LogError {
        let name = self.row.columns().get(column).map_or("?", |column| column.name());
        self.damaged(&format!("the column {name} holds something else than it should"))
    }

    fn damaged(&self, problem: &str) -> LogError {
        LogError::Damaged { position: self.position, problem: problem.to_owned() }
    }
}
