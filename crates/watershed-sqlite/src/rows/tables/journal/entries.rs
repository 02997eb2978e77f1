//! One entry: what it is kept as, and the link that stands for it.

use rusqlite::{Connection, Row, params};
use watershed_core::ports::{Changed, ChangedRow, JournalEntry, JournalMark, RowError, RowKey, RowState};
use watershed_core::{Key, Tenant, Timestamp};

use super::super::Tables;
use super::super::checkpoint::signed;
use super::super::execute;
use super::super::read::{instant, text, unsigned};
use super::image;

const ADD: &str = include_str!("../../sql/changes_add.sql");

/// A row that has changed, and has no number yet.
pub(in super::super) struct NotedRow<'a> {
    pub(super) table: &'a str,
    pub(super) key: &'a RowKey,
    pub(super) position: u64,
    pub(super) revision: u64,
    pub(super) state: RowState,
    pub(super) before: Option<String>,
}

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
        row.map(|row| code(row.state)),
        row.and_then(|row| row.before.as_deref()),
    ];
    execute(connection, ADD, values).map(drop)
}

/// What stands for an entry and, through the one before it, for all before.
pub(super) fn link(before: u64, number: u64, generation: u64, row: Option<&NotedRow<'_>>) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in [before, number, generation] {
        hasher.update(&part.to_be_bytes());
    }
    if let Some(row) = row {
        for part in [row.table, row.key.tenant.as_str(), row.key.key.as_str()] {
            hasher.update(&(part.len() as u64).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        for part in [row.position, row.revision] {
            hasher.update(&part.to_be_bytes());
        }
        hasher.update(&[code(row.state)]);
    }
    let mut link = [0; 8];
    hasher.finalize_xof().fill(&mut link);
    u64::from_be_bytes(link)
}

fn code(state: RowState) -> u8 {
    match state {
        RowState::Gone => 0,
        RowState::Shown => 1,
        RowState::Hidden => 2,
    }
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
        let state = match unsigned(row, 9)? {
            0 => RowState::Gone,
            1 => RowState::Shown,
            _ => RowState::Hidden,
        };
        let before: Option<String> = row.get(10)?;
        let key = RowKey { tenant: Tenant::stored(text(row, 5)?.into()), key: Key::from(&*text(row, 6)?) };
        let changed = ChangedRow {
            table,
            key,
            position: unsigned(row, 7)?,
            revision: unsigned(row, 8)?,
            state,
            before: before.and_then(|before| image::read(&self.tables[table].spec, &before)),
        };
        Ok(JournalEntry { mark, generation, at, changed: Changed::Row(changed) })
    }
}
