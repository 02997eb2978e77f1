//! Rows of `events`, read in place and held against their checksums.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use watershed_core::Position;
use watershed_core::ports::{LogError, RawEvent};

use crate::error::is_damage;
use watershed_store::{EventRow, checksum, from_sql};

/// A row whose checksum has been verified, and the link that it bears.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadRow<'a> {
    pub(crate) event: EventRow<'a>,
    pub(crate) checksum: u64,
    pub(crate) link: Option<&'a [u8]>,
}

/// Reads the row and verifies its checksum. `columns` is left with the bytes that it was taken over, for whoever checks links.
///
/// # Errors
/// [`LogError::Damaged`] where a column holds something else than it should, or the checksum is another.
pub(crate) fn read_row<'r>(row: &'r Row<'_>, columns: &mut Vec<u8>) -> Result<ReadRow<'r>, LogError> {
    let cells = Cells {
        row,
        position: match row.get_ref(0) {
            Ok(ValueRef::Integer(position)) => from_sql(position),
            _ => 0,
        },
    };
    let read = cells.read()?;
    columns.clear();
    read.event.encode(columns);
    if checksum(columns) != read.checksum {
        return Err(cells.damaged("its checksum does not fit"));
    }
    Ok(read)
}

struct Cells<'r, 's> {
    row: &'r Row<'s>,
    position: Position,
}

impl<'r> Cells<'r, '_> {
    fn read(&self) -> Result<ReadRow<'r>, LogError> {
        Ok(ReadRow {
            event: EventRow {
                position: self.position,
                id: self.need(1, self.blob(1)?)?,
                tenant: self.need(2, self.text(2)?)?,
                category: self.need(3, self.text(3)?)?,
                stream: self.need(4, self.text(4)?)?,
                version: from_sql(self.integer(5)?),
                name: self.need(6, self.text(6)?)?,
                schema: self.small(7, self.integer(7)?)?,
                payload: self.need(8, self.bytes(8)?)?,
                recorded_at: self.integer(9)?,
                actor: self.text(10)?,
                correlation: self.text(11)?,
                causation: self.text(12)?,
                traceparent: self.text(13)?,
                tags: self.text(14)?,
                idem_key: self.text(15)?,
                fingerprint: self.blob(16)?,
                follows: match self.row.get_ref(17) {
                    Ok(ValueRef::Null) => None,
                    _ => Some(self.small(17, self.integer(17)?)?),
                },
                key_id: self.text(18)?,
            },
            checksum: from_sql(self.integer(19)?),
            link: self.blob(20)?,
        })
    }

    fn integer(&self, column: usize) -> Result<i64, LogError> {
        match self.row.get_ref(column) {
            Ok(ValueRef::Integer(number)) => Ok(number),
            _ => Err(self.wrong(column)),
        }
    }

    fn small(&self, column: usize, number: i64) -> Result<u32, LogError> {
        u32::try_from(number).map_err(|_| self.wrong(column))
    }

    fn text(&self, column: usize) -> Result<Option<&'r str>, LogError> {
        match self.row.get_ref(column) {
            Ok(ValueRef::Null) => Ok(None),
            Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).map(Some).map_err(|_| self.wrong(column)),
            _ => Err(self.wrong(column)),
        }
    }

    fn blob(&self, column: usize) -> Result<Option<&'r [u8]>, LogError> {
        match self.row.get_ref(column) {
            Ok(ValueRef::Null) => Ok(None),
            Ok(ValueRef::Blob(bytes)) => Ok(Some(bytes)),
            _ => Err(self.wrong(column)),
        }
    }

    /// The payload: text, or a blob where it is no text.
    fn bytes(&self, column: usize) -> Result<Option<&'r [u8]>, LogError> {
        match self.row.get_ref(column) {
            Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => Ok(Some(bytes)),
            _ => Err(self.wrong(column)),
        }
    }

    fn need<T>(&self, column: usize, value: Option<T>) -> Result<T, LogError> {
        value.ok_or_else(|| self.wrong(column))
    }

    fn wrong(&self, column: usize) -> LogError {
        let name = self.row.as_ref().column_name(column).unwrap_or("?").to_owned();
        self.damaged(&format!("the column {name} holds something else than it should"))
    }

    fn damaged(&self, problem: &str) -> LogError {
        LogError::Damaged { position: self.position, problem: problem.to_owned() }
    }
}

impl<'a> ReadRow<'a> {
    /// The event, as the port shows it.
    pub(crate) fn raw(&self) -> Result<RawEvent<'a>, LogError> {
        self.event.raw()
    }
}

/// What SQLite says of the log's file, as a failure to read the log.
pub(crate) fn store_error(error: &rusqlite::Error) -> LogError {
    let problem = error.to_string();
    if is_damage(error) { LogError::Unreadable(problem) } else { LogError::Store(problem) }
}
