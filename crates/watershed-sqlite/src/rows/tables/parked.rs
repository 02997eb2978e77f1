//! Parked keys, as rows.

use rusqlite::{Connection, params};
use watershed_core::ports::{ParkedKey, RowError, RowKey};
use watershed_core::{Key, Tenant, Timestamp};

use super::super::failure::failure;
use super::checkpoint::signed;
use super::read::{instant, text, unsigned};
use super::{Tables, execute};

const PARK: &str = include_str!("../sql/park.sql");
const UNPARK: &str = include_str!("../sql/unpark.sql");
const UNPARK_TABLE: &str = include_str!("../sql/unpark_table.sql");
const LIST: &str = include_str!("../sql/parked_list.sql");

impl Tables {
    pub(crate) fn park(&self, connection: &Connection, parked: &ParkedKey) -> Result<(), RowError> {
        let waiting = serde_json::Value::from(parked.waiting.clone()).to_string();
        execute(
            connection,
            PARK,
            params![
                self.at(parked.table)?.spec.name,
                parked.key.tenant.as_str(),
                parked.key.key.as_str(),
                signed(parked.position),
                waiting,
                parked.error,
                parked.fingerprint,
                parked.since.as_micros(),
                parked.attempts,
            ],
        )
        .map(drop)
    }

    pub(crate) fn unpark(&self, connection: &Connection, table: usize, key: &RowKey) -> Result<(), RowError> {
        let table = &self.at(table)?.spec.name;
        execute(connection, UNPARK, params![table, key.tenant.as_str(), key.key.as_str()]).map(drop)
    }

    /// Forgets all parked keys of the table of that name.
    pub(crate) fn unpark_table(&self, connection: &Connection, table: &str) -> Result<(), RowError> {
        execute(connection, UNPARK_TABLE, [table]).map(drop)
    }

    /// The parked keys, the longest parked first.
    pub(crate) fn parked(&self, connection: &Connection) -> Result<Vec<ParkedKey>, RowError> {
        let _snapshot = super::Snapshot::of(connection)?;
        if !self.are_current(connection)? {
            return Ok(Vec::new());
        }
        let mut parked = Vec::new();
        for place in 0..self.tables.len() {
            self.parked_of(connection, place, &mut parked).map_err(failure)?;
        }
        parked.sort_by_key(|parked| (parked.since, parked.position));
        Ok(parked)
    }

    fn parked_of(
        &self,
        connection: &Connection,
        table: usize,
        parked: &mut Vec<ParkedKey>,
    ) -> rusqlite::Result<()> {
        let mut statement = connection.prepare_cached(LIST)?;
        let mut found = statement.query([&*self.tables[table].spec.name])?;
        while let Some(row) = found.next()? {
            parked.push(ParkedKey {
                table,
                key: RowKey { tenant: Tenant::stored(text(row, 0)?.into()), key: Key::from(&*text(row, 1)?) },
                position: unsigned(row, 2)?,
                waiting: serde_json::from_str(&text(row, 3)?).unwrap_or_default(),
                error: text(row, 4)?.into(),
                fingerprint: text(row, 5)?.into(),
                since: instant(row, 6)?.unwrap_or(Timestamp::from_micros(0)),
                attempts: u32::try_from(unsigned(row, 7)?).unwrap_or(u32::MAX),
            });
        }
        Ok(())
    }
}
