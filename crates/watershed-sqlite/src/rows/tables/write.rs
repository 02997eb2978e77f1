//! Changes of rows, inside a transaction of the caller's.

use rusqlite::{CachedStatement, Connection, Statement};
use watershed_core::Value;
use watershed_core::ports::{RowChange, RowError, RowsBatch, StoredRow};
use watershed_store::rows::{Bind, KeyColumn};

use super::super::failure::failure;
use super::super::statements::{AfterLook, Puts, TableSql};
use super::super::value::{Bound, is_stored_as};
use super::checkpoint::signed;
use super::journal::Noted;
use super::{Tables, execute};

impl Tables {
    /// Makes all of the batch's changes, in a transaction that the caller rolls back where this fails.
    pub(crate) fn write(&self, connection: &Connection, batch: &RowsBatch) -> Result<(), RowError> {
        if let Some(expected) = batch.only_at {
            let position = self.checkpoint(connection)?.position;
            if position != expected {
                return Err(RowError::Moved(position));
            }
        }
        if !self.set_checkpoint(connection, &batch.checkpoint)? {
            return Err(RowError::Store(
                "the tables have been replaced by those of another version".to_owned(),
            ));
        }
        let mut noted = Noted::new();
        for (table, changes) in &batch.changes {
            self.note(connection, batch, (*table, changes), &mut noted)?;
            apply_to(connection, self.at(*table)?, changes)?;
        }
        self.write_down(connection, &noted, batch.checkpoint.updated_at)?;
        for (table, key) in &batch.unpark {
            self.unpark(connection, *table, key)?;
        }
        batch.park.iter().try_for_each(|parked| self.park(connection, parked))
    }
}

fn apply_to(connection: &Connection, table: &TableSql, changes: &[RowChange]) -> Result<(), RowError> {
    let mut put = Put::prepare(connection, table).map_err(failure)?;
    for change in changes {
        match change {
            RowChange::Put(row) => put.row(row)?,
            RowChange::Delete(key) => {
                execute(connection, &table.delete, [key.tenant.as_str(), key.key.as_str()])?;
            }
        }
    }
    Ok(())
}

/// The statements that put rows into one table, at hand for a whole batch.
struct Put<'c> {
    connection: &'c Connection,
    table: &'c TableSql,
    with: With<'c>,
}

enum With<'c> {
    AtOnce(CachedStatement<'c>),
    AfterLook {
        sql: &'c AfterLook,
        look: CachedStatement<'c>,
        insert: CachedStatement<'c>,
        /// Prepared when they are first needed.
        updates: Vec<Option<CachedStatement<'c>>>,
    },
}

impl<'c> Put<'c> {
    fn prepare(connection: &'c Connection, table: &'c TableSql) -> rusqlite::Result<Self> {
        let with = match &table.puts {
            Puts::AtOnce(sql) => With::AtOnce(connection.prepare_cached(sql)?),
            Puts::AfterLook(sql) => With::AfterLook {
                look: connection.prepare_cached(&sql.look)?,
                insert: connection.prepare_cached(&sql.insert)?,
                updates: sql.updates.iter().map(|_| None).collect(),
                sql,
            },
        };
        Ok(Self { connection, table, with })
    }

    fn row(&mut self, row: &StoredRow) -> Result<(), RowError> {
        check(self.table, row)?;
        self.put(row).map_err(failure)
    }

    fn put(&mut self, row: &StoredRow) -> rusqlite::Result<()> {
        let (sql, look, insert, updates) = match &mut self.with {
            With::AtOnce(statement) => return run(statement, self.table, row, None),
            With::AfterLook { sql, look, insert, updates } => (sql, look, insert, updates),
        };
        let Some((number, update)) = find(look, sql, row)? else {
            return run(insert, self.table, row, None);
        };
        let statement = match &mut updates[update] {
            Some(statement) => statement,
            unprepared => unprepared.insert(self.connection.prepare_cached(&sql.updates[update])?),
        };
        run(statement, self.table, row, Some(number))
    }
}

/// The stored row's number, and the place of the statement that changes of its indexed columns only those that change.
fn find(
    look: &mut CachedStatement<'_>,
    sql: &AfterLook,
    row: &StoredRow,
) -> rusqlite::Result<Option<(i64, usize)>> {
    look.raw_bind_parameter(1, row.key.tenant.as_str())?;
    look.raw_bind_parameter(2, row.key.key.as_str())?;
    let mut found = look.raw_query();
    let Some(stored) = found.next()? else { return Ok(None) };
    let changed = sql.indexed.iter().enumerate().map(|(at, place)| {
        stored.get_ref(at + 1).map_or(true, |content| !is_stored_as(&row.values[*place], content))
    });
    Ok(Some((stored.get(0)?, sql.update_for(changed))))
}

/// Makes a row with a statement of [`super::super::statements::insert_into`].
pub(crate) fn insert(
    statement: &mut Statement<'_>,
    table: &TableSql,
    row: &StoredRow,
) -> Result<(), RowError> {
    check(table, row)?;
    run(statement, table, row, None).map_err(failure)
}

fn run(
    statement: &mut Statement<'_>,
    table: &TableSql,
    row: &StoredRow,
    number: Option<i64>,
) -> rusqlite::Result<()> {
    let own_key = (table.key == KeyColumn::Own).then_some(Bind::Text(row.key.key.as_str()));
    let binds = [Bind::Text(row.key.tenant.as_str())]
        .into_iter()
        .chain(row.values.iter().map(Bind::Value))
        .chain(own_key)
        .chain([
            Bind::Int(signed(row.position)),
            Bind::Int(signed(row.revision)),
            Bind::Int(i64::from(row.shown)),
        ])
        .chain(number.map(Bind::Int));
    for (place, bind) in binds.enumerate() {
        statement.raw_bind_parameter(place + 1, Bound(bind))?;
    }
    statement.raw_execute().map(drop)
}

/// A row that does not fit its table would be found under no key, or with its contents in the wrong columns.
fn check(table: &TableSql, row: &StoredRow) -> Result<(), RowError> {
    let (name, key) = (&table.spec.name, row.key.key.as_str());
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
