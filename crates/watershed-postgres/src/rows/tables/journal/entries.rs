//! One entry: what it is kept as.

use tokio_postgres::{Error, Row};
use watershed_core::ports::{Changed, ChangedRow, JournalEntry, JournalMark, RowKey};
use watershed_core::{Key, Tenant, Timestamp};
use watershed_store::rows::{NotedRow, read_image, state_code, state_from_code};
use watershed_store::{from_sql, to_sql};

use super::super::super::edition::Edition;
use super::super::read::instant;

pub(crate) const ADD: &str = include_str!("../../sql/changes_add.sql");

/// Entries, column by column.
#[derive(Debug, Default)]
pub(crate) struct Entries<'a> {
    pub(super) numbers: Vec<i64>,
    pub(super) links: Vec<i64>,
    pub(super) tables: Vec<Option<&'a str>>,
    pub(super) tenants: Vec<Option<&'a str>>,
    pub(super) keys: Vec<Option<&'a str>>,
    pub(super) positions: Vec<Option<i64>>,
    pub(super) revisions: Vec<Option<i64>>,
    pub(super) states: Vec<Option<i16>>,
    pub(super) before: Vec<Option<&'a str>>,
}

impl<'a> Entries<'a> {
    /// Adds one: a row that has changed, or that everything may have.
    pub(super) fn add(&mut self, number: u64, link: u64, row: Option<&'a NotedRow<'a>>) {
        self.numbers.push(to_sql(number));
        self.links.push(to_sql(link));
        self.tables.push(row.map(|row| row.table));
        self.tenants.push(row.map(|row| row.key.tenant.as_str()));
        self.keys.push(row.map(|row| row.key.key.as_str()));
        self.positions.push(row.map(|row| to_sql(row.position)));
        self.revisions.push(row.map(|row| to_sql(row.revision)));
        self.states.push(row.map(|row| state_code(row.state).into()));
        self.before.push(row.and_then(|row| row.before.as_deref()));
    }
}

/// An entry as it stands in a row of `changes`.
pub(super) fn entry(edition: &Edition, row: &Row) -> Result<JournalEntry, Error> {
    let mark = JournalMark { slice: 0, number: from_sql(row.try_get(0)?), link: from_sql(row.try_get(1)?) };
    let generation = from_sql(row.try_get(2)?);
    let at = instant(row, 3)?.unwrap_or(Timestamp::from_micros(0));
    let name: Option<&str> = row.try_get(4)?;
    // A table that the group does not have, as somebody's edit may say: nobody knows what has changed.
    let Some(table) = name.and_then(|name| edition.place(name).ok()) else {
        return Ok(JournalEntry { mark, generation, at, changed: Changed::Everything });
    };
    let before: Option<&str> = row.try_get(10)?;
    let tenant: &str = row.try_get(5)?;
    let changed = ChangedRow {
        table,
        key: RowKey { tenant: Tenant::stored(tenant.into()), key: Key::from(row.try_get::<_, &str>(6)?) },
        position: from_sql(row.try_get(7)?),
        revision: from_sql(row.try_get(8)?),
        state: state_from_code(u64::try_from(row.try_get::<_, i16>(9)?).unwrap_or(u64::MAX)),
        before: before.and_then(|before| read_image(&edition.specs[table], before)),
    };
    Ok(JournalEntry { mark, generation, at, changed: Changed::Row(changed) })
}
