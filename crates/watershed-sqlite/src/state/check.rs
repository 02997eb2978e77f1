//! Whether the user's tables can hold what the state wants to put into them.

use rusqlite::Connection;
use watershed_core::ColumnKind;
use watershed_core::ports::StateError;
use watershed_core::write::{StateTable, TablesSpec};

use super::affinity::columns_of;
use super::failed;
use super::names::is_reserved;

/// What would take a whole group of appends down where one row breaks a rule.
const TOO_LATE: &[(&str, &str)] = &[
    (
        "INITIALLY DEFERRED",
        "it has a rule that is looked at when everything is committed (INITIALLY DEFERRED)",
    ),
    ("CONFLICT ROLLBACK", "it has a rule that gives up everything (ON CONFLICT ROLLBACK)"),
    ("RAISE(ROLLBACK", "it has a trigger that gives up everything (RAISE(ROLLBACK, ..))"),
];

pub(super) fn check(connection: &Connection, tables: &TablesSpec) -> Result<(), StateError> {
    tables.check().map_err(StateError::Unfit)?;
    let mut problems = Vec::new();
    look_at(connection, &tables.root, Some(tables.version), &mut problems)?;
    for child in &tables.children {
        look_at(connection, child, None, &mut problems)?;
    }
    rules(connection, &mut problems)?;
    if problems.is_empty() { Ok(()) } else { Err(StateError::Unfit(problems.join("; "))) }
}

fn look_at(
    connection: &Connection,
    table: &StateTable,
    version: Option<&str>,
    problems: &mut Vec<String>,
) -> Result<(), StateError> {
    let name = table.name;
    if is_reserved(name) {
        problems.push(format!("`{name}` is a name that the log needs itself"));
        return Ok(());
    }
    let columns = columns_of(connection, name).map_err(|error| failed(&error))?;
    if columns.is_empty() {
        problems.push(format!("there is no table `{name}`"));
        return Ok(());
    }
    let wanted = table.columns.iter().map(|column| (column.name, Some(column.kind)));
    let version = version.map(|column| (column, Some(ColumnKind::Int)));
    // An id may be a number: what is asked for by it is compared as the column keeps it.
    let ids = [table.tenant, Some(table.id)].into_iter().flatten().map(|column| (column, None));
    for (column, kind) in wanted.chain(version).chain(ids) {
        match (columns.get(&column.to_ascii_lowercase()), kind) {
            (None, _) => problems.push(format!("`{name}` has no column `{column}`")),
            (Some((declared, affinity)), Some(kind)) => {
                if let Err(instead) = affinity.keeps(kind) {
                    problems
                        .push(format!("`{name}.{column}` is declared `{declared}`: declare it {instead}"));
                }
            }
            (Some(_), None) => {}
        }
    }
    Ok(())
}

fn rules(connection: &Connection, problems: &mut Vec<String>) -> Result<(), StateError> {
    let mut statement =
        connection.prepare(include_str!("sql/select_rules.sql")).map_err(|error| failed(&error))?;
    let mut rows = statement.query([]).map_err(|error| failed(&error))?;
    while let Some(row) = rows.next().map_err(|error| failed(&error))? {
        let (name, sql): (String, String) =
            row.get(0).and_then(|name| Ok((name, row.get(1)?))).map_err(|error| failed(&error))?;
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
        let sql = sql.replace("RAISE (", "RAISE(").replace("RAISE( ", "RAISE(");
        for (words, why) in TOO_LATE {
            if sql.contains(words) {
                problems.push(format!("`{name}` cannot stand beside the log: {why}"));
            }
        }
    }
    Ok(())
}
