use rusqlite::{Connection, OptionalExtension, params};
use uuid::Uuid;
use watershed_core::ports::{JournalEnd, JournalMark, RowError};

use super::super::super::failure::failure;
use super::super::checkpoint::signed;
use super::super::execute;

const GET: &str = include_str!("../../sql/journal_get.sql");
const PUT: &str = include_str!("../../sql/journal_put.sql");
const REMOVE: &str = include_str!("../../sql/journal_remove.sql");
const FORGET: &str = include_str!("../../sql/changes_forget.sql");

/// What stands in `_journal` of one group.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) tables: String,
    pub(super) number: u64,
    pub(super) link: u64,
    pub(super) forgotten: u64,
    pub(super) forgotten_link: u64,
    pub(super) generation: u64,
}

impl State {
    /// A journal without entries. It begins with chance, so that no two journals share a place.
    pub(super) fn begin(tables: String) -> Self {
        let chance = Uuid::new_v4().as_u64_pair();
        let link = chance.0 ^ chance.1;
        Self { tables, number: 0, link, forgotten: 0, forgotten_link: link, generation: 1 }
    }

    pub(super) fn stored(connection: &Connection, group: &str) -> Result<Option<Self>, RowError> {
        let get = || {
            connection
                .prepare_cached(GET)?
                .query_row([group], |row| {
                    let number = |at| row.get::<_, i64>(at).map(i64::cast_unsigned);
                    Ok(Self {
                        tables: row.get(0)?,
                        number: number(1)?,
                        link: number(2)?,
                        forgotten: number(3)?,
                        forgotten_link: number(4)?,
                        generation: number(5)?,
                    })
                })
                .optional()
        };
        get().map_err(failure)
    }

    pub(super) fn put(&self, connection: &Connection, group: &str) -> Result<(), RowError> {
        let values = params![
            group,
            self.tables,
            signed(self.number),
            self.link.cast_signed(),
            signed(self.forgotten),
            self.forgotten_link.cast_signed(),
            signed(self.generation),
        ];
        execute(connection, PUT, values).map(drop)
    }

    pub(super) fn remove(connection: &Connection, group: &str) -> Result<(), RowError> {
        forget(connection, group, u64::MAX)?;
        execute(connection, REMOVE, [group]).map(drop)
    }

    pub(super) fn end(&self) -> JournalEnd {
        let mark = JournalMark { slice: 0, number: self.number, link: self.link };
        JournalEnd { mark, generation: self.generation }
    }
}

/// Deletes the entries up to that number. Answers with how many there were.
pub(super) fn forget(connection: &Connection, group: &str, until: u64) -> Result<usize, RowError> {
    execute(connection, FORGET, params![group, signed(until)])
}
