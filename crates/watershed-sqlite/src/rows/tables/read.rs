//! Rows from a statement's columns, and snapshots to read them in.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use watershed_core::ports::{RowError, RowKey, StoredRow};
use watershed_core::{Key, TableSpec, Tenant, Timestamp, Value};
use watershed_store::rows::{KeyColumn, RowsFrom, key_from};

use super::super::failure::failure;
use super::super::file::run;
use super::super::statements::TableSql;
use super::super::value::{read, text_of};
use super::Tables;

/// A read transaction: everything read in it is as of one moment. Ends when it is dropped. Where the connection is inside
/// one already, it is that one, and goes on.
pub(crate) struct Snapshot<'c>(Option<&'c Connection>);

impl<'c> Snapshot<'c> {
    pub(crate) fn of(connection: &'c Connection) -> Result<Self, RowError> {
        if !connection.is_autocommit() {
            return Ok(Self(None));
        }
        run(connection, "BEGIN").map_err(failure)?;
        Ok(Self(Some(connection)))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // Nothing was written, so nothing can be lost. A connection that stays inside a transaction is thrown away by its pool.
        let _ = self.0.map(|connection| run(connection, "COMMIT"));
    }
}

/// A number that cannot be negative; zero where it is none.
pub(crate) fn unsigned(row: &Row<'_>, at: usize) -> rusqlite::Result<u64> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(number) => u64::try_from(number).unwrap_or(0),
        _ => 0,
    })
}

pub(crate) fn instant(row: &Row<'_>, at: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(micros) => Some(Timestamp::from_micros(micros)),
        _ => None,
    })
}

pub(super) fn text(row: &Row<'_>, at: usize) -> rusqlite::Result<Box<str>> {
    Ok(match row.get_ref(at)? {
        ValueRef::Text(text) | ValueRef::Blob(text) => text_of(text),
        ValueRef::Integer(number) => number.to_string().into(),
        ValueRef::Real(number) => number.to_string().into(),
        ValueRef::Null => "".into(),
    })
}

/// The contents of a row's columns, the first of which stands at `at`.
pub(crate) fn values(spec: &TableSpec, row: &Row<'_>, at: usize) -> rusqlite::Result<Vec<Value>> {
    let mut values = Vec::with_capacity(spec.columns.len());
    for (place, column) in spec.columns.iter().enumerate() {
        values.push(read(column.kind, row.get_ref(at + place)?));
    }
    Ok(values)
}

/// In a table, keys are compared as the texts that they are.
#[expect(clippy::unnecessary_wraps, reason = "the keys of views may not fit")]
fn key_text(_: &TableSpec, key: &str) -> Option<Vec<Value>> {
    Some(vec![Value::Text(key.into())])
}

impl TableSql {
    /// What pages and scans are read from.
    pub(super) fn rows_from(&self) -> RowsFrom<'_> {
        RowsFrom { relation: &self.relation, spec: &self.spec, tie: key_text }
    }

    /// A row, the first of whose columns stands at `at`. The key is read where the caller does not know it.
    pub(super) fn stored(
        &self,
        row: &Row<'_>,
        at: usize,
        tenant: Tenant,
        key: Option<Key>,
    ) -> rusqlite::Result<StoredRow> {
        let values = values(&self.spec, row, at + 3)?;
        let key = match (key, self.key) {
            (Some(known), _) => known,
            (None, KeyColumn::Column(place)) => key_from(&values[place]),
            (None, KeyColumn::Own) => Key::from(&*text(row, at + 3 + values.len())?),
        };
        Ok(StoredRow {
            key: RowKey { tenant, key },
            values,
            position: unsigned(row, at)?,
            revision: unsigned(row, at + 1)?,
            shown: unsigned(row, at + 2)? != 0,
        })
    }
}

impl Tables {
    /// Whether the tables are of this version: read inside the caller's snapshot.
    pub(super) fn are_current(&self, connection: &Connection) -> Result<bool, RowError> {
        Ok(self.made(connection)?.is_some_and(|made| self.is_mine(&made)))
    }

    /// The row with that key, hidden or shown.
    pub(crate) fn row(
        &self,
        connection: &Connection,
        table: usize,
        key: &RowKey,
    ) -> Result<Option<StoredRow>, RowError> {
        let table = self.at(table)?;
        let get = || -> rusqlite::Result<Option<StoredRow>> {
            let mut statement = connection.prepare_cached(&table.get)?;
            let mut found = statement.query([key.tenant.as_str(), key.key.as_str()])?;
            found
                .next()?
                .map(|row| table.stored(row, 0, key.tenant.clone(), Some(key.key.clone())))
                .transpose()
        };
        get().map_err(failure)
    }

    /// The rows with these keys, as of one moment.
    pub(crate) fn rows(
        &self,
        connection: &Connection,
        table: usize,
        keys: &[RowKey],
    ) -> Result<Vec<StoredRow>, RowError> {
        let _snapshot = Snapshot::of(connection)?;
        if !self.are_current(connection)? {
            return Ok(Vec::new());
        }
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            rows.extend(self.row(connection, table, key)?);
        }
        Ok(rows)
    }
}
