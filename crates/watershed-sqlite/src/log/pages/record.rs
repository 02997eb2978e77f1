//! A row of `events` as SQLite stores it: a header that tells each column's type, and their contents.

use super::tree::varint;
use crate::log::row::ReadRow;
use watershed_store::from_sql;
use watershed_store::{EventRow, checksum};

/// The columns of the table, in the order of its definition.
const COLUMNS: usize = 21;

/// A record, its columns found.
pub(crate) struct Record<'a> {
    position: u64,
    bytes: &'a [u8],
    /// Type and start of each column.
    columns: [(u32, u32); COLUMNS],
}

/// How many bytes a column of that type takes.
fn length(kind: u32) -> u32 {
    match kind {
        0 | 8..=11 => 0,
        1..=4 => kind,
        5 => 6,
        6 | 7 => 8,
        text_or_blob => (text_or_blob - 12) / 2,
    }
}

impl<'a> Record<'a> {
    /// The record of the event at `position`; none where it has not the table's columns.
    #[inline]
    pub(super) fn read(position: u64, bytes: &'a [u8]) -> Option<Self> {
        let (header, mut at) = varint(bytes)?;
        let header = usize::try_from(header).ok()?;
        let mut columns = [(0, 0); COLUMNS];
        let mut start = u32::try_from(header).ok()?;
        for column in &mut columns {
            let (kind, taken) = varint(bytes.get(at..header)?)?;
            let kind = u32::try_from(kind).ok()?;
            at += taken;
            *column = (kind, start);
            start = start.checked_add(length(kind))?;
        }
        (at == header && start as usize == bytes.len()).then_some(Self { position, bytes, columns })
    }

    /// The row, where its checksum fits. `columns` is left with the bytes that it was taken over.
    pub(crate) fn verified(&self, columns: &mut Vec<u8>) -> Option<ReadRow<'a>> {
        let event = EventRow {
            position: self.position,
            id: self.blob(1)??,
            tenant: self.text(2)??,
            category: self.text(3)??,
            stream: self.text(4)??,
            version: from_sql(self.integer(5)?),
            name: self.text(6)??,
            schema: u32::try_from(self.integer(7)?).ok()?,
            payload: self.content(8),
            recorded_at: self.integer(9)?,
            actor: self.text(10)?,
            correlation: self.text(11)?,
            causation: self.text(12)?,
            traceparent: self.text(13)?,
            tags: self.text(14)?,
            idem_key: self.text(15)?,
            fingerprint: self.blob(16)?,
            follows: match self.columns[17].0 {
                0 => None,
                _ => Some(u32::try_from(self.integer(17)?).ok()?),
            },
            key_id: self.text(18)?,
        };
        let sum = from_sql(self.integer(19)?);
        columns.clear();
        event.encode(columns);
        let row = ReadRow { event, checksum: sum, link: self.blob(20)? };
        (checksum(columns) == sum).then_some(row)
    }

    #[inline]
    fn content(&self, column: usize) -> &'a [u8] {
        let (kind, start) = self.columns[column];
        // invariant: all columns together are as long as the record.
        &self.bytes[start as usize..(start + length(kind)) as usize]
    }

    /// A text, or the absence of one.
    #[inline]
    fn text(&self, column: usize) -> Option<Option<&'a str>> {
        match self.columns[column].0 {
            0 => Some(None),
            kind if kind >= 13 && kind % 2 == 1 => std::str::from_utf8(self.content(column)).ok().map(Some),
            _ => None,
        }
    }

    /// Bytes, or the absence of any.
    #[inline]
    fn blob(&self, column: usize) -> Option<Option<&'a [u8]>> {
        match self.columns[column].0 {
            0 => Some(None),
            kind if kind >= 12 && kind % 2 == 0 => Some(Some(self.content(column))),
            _ => None,
        }
    }

    #[inline]
    fn integer(&self, column: usize) -> Option<i64> {
        match self.columns[column].0 {
            1..=6 => {
                let bytes = self.content(column);
                let sign = if bytes.first()? & 0x80 == 0 { 0 } else { -1 };
                Some(bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
            }
            8 => Some(0),
            9 => Some(1),
            _ => None,
        }
    }
}
