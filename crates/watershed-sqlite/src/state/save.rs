//! A save, inside the append's transaction.

use std::collections::HashMap;
use std::fmt::Write;

use rusqlite::ffi;
use rusqlite::{Connection, ErrorCode, ToSql, params_from_iter};
use watershed_core::ports::{AppendError, ChildChange, RootWrite, Save, SaveRule};
use watershed_core::write::{StateTable, TablesSpec};
use watershed_core::{Tenant, Value};

use super::affinity::columns_of;
use super::names::{of_one, quoted, select_version};
use super::read;
use super::value::Given;

/// The version of the row that the save is about, as the transaction sees it.
pub(crate) fn version_of(
    connection: &Connection,
    save: &Save,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<u64>, AppendError> {
    read::version(connection, &select_version(&save.tables), tenant, id).map_err(|error| refused(&error))
}

/// Makes the save's changes. Whoever calls has looked at the row's version in the same transaction, and takes back what has been
/// done where this fails.
pub(crate) fn save(
    connection: &Connection,
    save: &Save,
    tenant: &Tenant,
    id: &str,
) -> Result<(), AppendError> {
    let one = One { connection, tables: &save.tables, tenant: tenant.as_str(), id };
    let saved = || {
        match &save.root {
            RootWrite::Insert(values) => one.insert(&save.tables.root, values, true)?,
            RootWrite::Update(columns) => one.update_root(columns)?,
            RootWrite::Keep | RootWrite::Delete => {}
        }
        for write in &save.children {
            let Some(table) = save.tables.children.get(write.table) else { continue };
            match &write.change {
                ChildChange::Insert(values) => one.insert(table, values, false)?,
                ChildChange::Update { key, columns } => one.update(table, key, columns)?,
                ChildChange::Delete { key } => one.delete(table, Some(key))?,
            }
        }
        if save.root == RootWrite::Delete {
            one.delete(&save.tables.root, None)?;
        }
        Ok(())
    };
    saved().map_err(|problem| match problem {
        Problem::Sql(error) => refused(&error),
        Problem::Rows(table, rows) => AppendError::SaveFailed(format!(
            "a change of one row of `{table}` met {rows}: its id, and the key of its children, must be unique; a row that \
             is changed must be there"
        )),
    })
}

enum Problem {
    Sql(rusqlite::Error),
    /// A statement met another number of rows than one.
    Rows(&'static str, usize),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

/// The rows of one aggregate.
struct One<'a> {
    connection: &'a Connection,
    tables: &'a TablesSpec,
    tenant: &'a str,
    id: &'a str,
}

impl One<'_> {
    fn insert(&self, table: &StateTable, values: &[Value], root: bool) -> Result<(), Problem> {
        let mut names = String::new();
        let mut places = String::new();
        let tenant = table.tenant.map(|column| (column, "?1"));
        for (column, place) in tenant.into_iter().chain([(table.id, "?2")]) {
            let _ = write!(names, "{}, ", quoted(column));
            let _ = write!(places, "{place}, ");
        }
        for (place, column) in table.columns.iter().enumerate() {
            let _ = write!(names, "{}, ", quoted(column.name));
            let _ = write!(places, "?{}, ", place + 3);
        }
        if root {
            let _ = write!(names, "{}, ", quoted(self.tables.version));
            places.push_str("1, ");
        }
        let (names, places) = (names.trim_end_matches(", "), places.trim_end_matches(", "));
        // Where the table knows no tenants, the statement has a parameter all the same.
        let sql =
            format!("INSERT INTO {} ({names}) SELECT {places} WHERE ?1 IS NOT NULL", quoted(table.name));
        let all: Vec<(usize, &Value)> = values.iter().enumerate().collect();
        self.run(table, &sql, &all)
    }

    fn update_root(&self, columns: &[(usize, Value)]) -> Result<(), Problem> {
        let root = &self.tables.root;
        let version = quoted(self.tables.version);
        let mut sets = format!("{version} = {version} + 1");
        for (number, (place, _)) in (3..).zip(columns) {
            let _ = write!(sets, ", {} = ?{number}", name_of(root, *place));
        }
        let sql = format!("UPDATE {} SET {sets} WHERE {}", quoted(root.name), of_one(root));
        self.run(root, &sql, &by_place(columns))
    }

    fn update(&self, table: &StateTable, key: &[Value], columns: &[(usize, Value)]) -> Result<(), Problem> {
        let sets: Vec<String> = (3..)
            .zip(columns)
            .map(|(number, (place, _))| format!("{} = ?{number}", name_of(table, *place)))
            .collect();
        let found = keyed(table, columns.len() + 3);
        let sql =
            format!("UPDATE {} SET {} WHERE {}{found}", quoted(table.name), sets.join(", "), of_one(table));
        let mut bound = by_place(columns);
        bound.extend(table.key.iter().copied().zip(key));
        self.run(table, &sql, &bound)
    }

    fn delete(&self, table: &StateTable, key: Option<&[Value]>) -> Result<(), Problem> {
        let found = key.map(|_| keyed(table, 3)).unwrap_or_default();
        let sql = format!("DELETE FROM {} WHERE {}{found}", quoted(table.name), of_one(table));
        let bound: Vec<_> = table.key.iter().copied().zip(key.unwrap_or_default()).collect();
        self.run(table, &sql, &bound)
    }

    /// Runs a statement that changes one row. The values are bound from the third parameter on, each as its column keeps it.
    fn run(&self, table: &StateTable, sql: &str, values: &[(usize, &Value)]) -> Result<(), Problem> {
        // Only of instants it matters how the column is declared.
        let declared = match values.iter().any(|(_, value)| matches!(value, Value::Timestamp(_))) {
            true => columns_of(self.connection, table.name)?,
            false => HashMap::new(),
        };
        let values: Vec<Given<'_>> = values
            .iter()
            .map(|(place, value)| {
                let column = table.columns.get(*place).map(|column| column.name.to_ascii_lowercase());
                let affinity = column.and_then(|column| declared.get(&column)).map(|(_, affinity)| *affinity);
                Given::new(value, affinity)
            })
            .collect();
        let of_one: [&dyn ToSql; 2] = [&self.tenant, &self.id];
        let bound = of_one.into_iter().chain(values.iter().map(|value| value as &dyn ToSql));
        match self.connection.prepare_cached(sql)?.execute(params_from_iter(bound))? {
            1 => Ok(()),
            rows => Err(Problem::Rows(table.name, rows)),
        }
    }
}

fn by_place(columns: &[(usize, Value)]) -> Vec<(usize, &Value)> {
    columns.iter().map(|(place, value)| (*place, value)).collect()
}

fn name_of(table: &StateTable, place: usize) -> String {
    // invariant: a place that the mapping has given.
    table.columns.get(place).map_or_else(String::new, |column| quoted(column.name))
}

/// ` AND "warehouse" IS ?3`: the row with a key. Parts of a key may be empty.
fn keyed(table: &StateTable, from: usize) -> String {
    let mut found = String::new();
    for (number, place) in (from..).zip(&table.key) {
        let _ = write!(found, " AND {} IS ?{number}", name_of(table, *place));
    }
    found
}

/// A rule of the user's that says no is told with its name; everything else is a failure.
fn refused(error: &rusqlite::Error) -> AppendError {
    let rusqlite::Error::SqliteFailure(failure, words) = error else {
        return AppendError::SaveFailed(error.to_string());
    };
    let problem = words.clone().unwrap_or_else(|| error.to_string());
    match failure.code {
        ErrorCode::ConstraintViolation => {
            AppendError::SaveRefused { rule: rule(failure.extended_code), problem }
        }
        ErrorCode::DiskFull | ErrorCode::SystemIoFailure | ErrorCode::ReadOnly => {
            AppendError::ReadOnly(problem)
        }
        _ => AppendError::SaveFailed(problem),
    }
}

fn rule(code: i32) -> SaveRule {
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
            SaveRule::Unique
        }
        ffi::SQLITE_CONSTRAINT_CHECK => SaveRule::Check,
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => SaveRule::Reference,
        ffi::SQLITE_CONSTRAINT_NOTNULL => SaveRule::NotNull,
        _ => SaveRule::Other,
    }
}
