//! One entry: what it is kept as.

use rusqlite::{Connection, Row, params};
use watershed_core::ports::{Changed, ChangedRow, JournalEntry, JournalMark, RowError, RowKey};
use watershed_core::{Key, Tenant, Timestamp};
use watershed_store::rows::{NotedRow, read_image, state_code, state_from_code};

use super::super::Tables;
use super::super::checkpoint::signed;
use super::super::execute;
use super::super::read::{instant, text, unsigned};

const ADD: &str = include_str!("../../sql/changes_add.sql");

/// Writes an entry down; a row that has changed, or that everything may have.
pub(super) fn add(
    connection: &Connection,
    group: &str,
    mark: JournalMark,
    generation: u64,
    at: Timestamp,
    row: Option<&NotedRow<'_>>,
) -> Result<(), RowError> {
    let values = params![
        group,
        signed(mark.number),
        mark.link.cast_signed(),
        signed(generation),
        at.as_micros(),
        row.map(|row| row.table),
        row.map(|row| row.key.tenant.as_str()),
        row.map(|row| row.key.key.as_str()),
        row.map(|row| signed(row.position)),
        row.map(|row| signed(row.revision)),
        row.map(|row| state_code(row.state)),
        row.and_then(|row| row.before.as_deref()),
    ];
    execute(connection, ADD, values).map(drop)
}

impl Tables {
    /// An entry as it stands in a row of `_changes`.
    pub(super) fn entry(&self, row: &Row<'_>) -> rusqlite::Result<JournalEntry> {
        let mark =
            JournalMark { slice: 0, number: unsigned(row, 0)?, link: row.get::<_, i64>(1)?.cast_unsigned() };
        let generation = unsigned(row, 2)?;
        let at = instant(row, 3)?.unwrap_or(Timestamp::from_micros(0));
        let name: Option<String> = row.get(4)?;
        let place = name.and_then(|name| self.tables.iter().position(|table| *table.spec.name == *name));
        // A table that the group does not have, as a file that was edited may say: nobody knows what has changed.
        let Some(table) = place else {
            return Ok(JournalEntry { mark, generation, at, changed: Changed::Everything });
        };
        let state = state_from_code(unsigned(row, 9)?);
        let before: Option<String> = row.get(10)?;
        let key = RowKey { tenant: Tenant::stored(text(row, 5)?.into()), key: Key::from(&*text(row, 6)?) };
        let changed = ChangedRow {
            table,
            key,
            position: unsigned(row, 7)?,
            revision: unsigned(row, 8)?,
            state,
            before: before.and_then(|before| read_image(&self.tables[table].spec, &before)),
        };
        Ok(JournalEntry { mark, generation, at, changed: Changed::Row(changed) })
    }
}
