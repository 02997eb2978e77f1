//! Changes of rows, inside a transaction of the caller's.

use rusqlite::{Connection, Statement};
use watershed_core::Value;
use watershed_core::ports::{RowChange, RowError, RowsBatch, StoredRow};

use super::super::failure::failure;
use super::super::statements::{KeyColumn, TableSql};
use super::super::value::Bind;
use super::checkpoint::signed;
use super::{Tables, execute};

impl Tables {
    /// Makes all of the batch's changes but the checkpoint's.
    pub(crate) fn apply(&self, connection: &Connection, batch: &RowsBatch) -> Result<(), RowError> {
        for (table, changes) in &batch.changes {
            apply_to(connection, self.at(*table)?, changes)?;
        }
        for (table, key) in &batch.unpark {
            self.unpark(connection, *table, key)?;
        }
        batch.park.iter().try_for_each(|parked| self.park(connection, parked))
    }
}

fn apply_to(connection: &Connection, table: &TableSql, changes: &[RowChange]) -> Result<(), RowError> {
    let mut put = connection.prepare_cached(&table.put).map_err(failure)?;
    for change in changes {
        match change {
            RowChange::Put(row) => insert(&mut put, table, row)?,
            RowChange::Delete(key) => {
                execute(connection, &table.delete, [key.tenant.as_str(), key.key.as_str()])?;
            }
        }
    }
    Ok(())
}

/// Runs a statement of [`TableSql::insert_into`] for that row.
pub(crate) fn insert(
    statement: &mut Statement<'_>,
    table: &TableSql,
    row: &StoredRow,
) -> Result<(), RowError> {
    let key = row.key.key.as_str();
    check(table, row, key)?;
    let own_key = (table.key == KeyColumn::Own).then_some(Bind::Text(key));
    let binds = [Bind::Text(row.key.tenant.as_str())]
        .into_iter()
        .chain(row.values.iter().map(Bind::Value))
        .chain(own_key)
        .chain([
            Bind::Int(signed(row.position)),
            Bind::Int(signed(row.revision)),
            Bind::Int(i64::from(row.shown)),
        ]);
    let run = || -> rusqlite::Result<()> {
        for (place, bind) in binds.enumerate() {
            statement.raw_bind_parameter(place + 1, bind)?;
        }
        statement.raw_execute().map(drop)
    };
    run().map_err(failure)
}

/// A row that does not fit its table would be found under no key, or with its contents in the wrong columns.
fn check(table: &TableSql, row: &StoredRow, key: &str) -> Result<(), RowError> {
    let name = &table.spec.name;
    if row.values.len() != table.spec.columns.len() {
        return Err(RowError::Store(format!(
            "row `{key}` of `{name}` has {} columns, the table has {}",
            row.values.len(),
            table.spec.columns.len(),
        )));
    }
    if let KeyColumn::Column(place) = table.key
        && !matches!(&row.values[place], Value::Text(text) if **text == *key)
    {
        return Err(RowError::Store(format!(
            "row `{key}` of `{name}` has another key in its column: {:?}",
            row.values[place],
        )));
    }
    Ok(())
}
