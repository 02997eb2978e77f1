use rusqlite::{Connection, OptionalExtension, Row};
use watershed_core::ports::{LoadedRows, StateError, WhoseRow};
use watershed_core::write::{StateRows, StateTable, TablesSpec};
use watershed_core::{Tenant, Value};

use super::names::{columns, of_one, quoted};
use super::{failed, value};

/// The aggregate's rows, as the connection's transaction sees them.
pub(super) fn load(
    connection: &Connection,
    tables: &TablesSpec,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<LoadedRows>, StateError> {
    let root = &tables.root;
    let sql = format!(
        "SELECT {}, CAST({} AS TEXT){} FROM {} WHERE {}",
        quoted(tables.version),
        quoted(root.id),
        columns(root),
        quoted(root.name),
        of_one(root),
    );
    let mut statement = connection.prepare_cached(&sql).map_err(|error| failed(&error))?;
    let mut found = statement.query((tenant.as_str(), id)).map_err(|error| failed(&error))?;
    let Some(row) = found.next().map_err(|error| failed(&error))? else { return Ok(None) };
    let (version, spelt): (Option<i64>, String) =
        row.get(0).and_then(|version| Ok((version, row.get(1)?))).map_err(|error| failed(&error))?;
    let unreadable =
        |problem: String| StateError::Unreadable(format!("`{}`, row `{id}`: {problem}", root.name));
    // Two ids that the column takes for one would be two streams over one row.
    if spelt != id {
        return Err(unreadable(format!("its id is spelt `{spelt}`")));
    }
    let version = version.and_then(|version| u64::try_from(version).ok());
    let version = version.ok_or_else(|| unreadable(format!("`{}` holds no version", tables.version)))?;
    let contents = values(row, 2, root)?;
    if found.next().map_err(|error| failed(&error))?.is_some() {
        return Err(unreadable("there are several with this id".to_owned()));
    }
    let children = tables.children.iter().map(|child| rows_of(connection, child, tenant, id));
    let rows = StateRows { kept: true, root: contents, children: children.collect::<Result<_, _>>()? };
    Ok(Some(LoadedRows { version, rows }))
}

fn rows_of(
    connection: &Connection,
    table: &StateTable,
    tenant: &Tenant,
    id: &str,
) -> Result<Vec<Vec<Value>>, StateError> {
    let key = table.key.iter().map(|place| (place + 2).to_string()).collect::<Vec<_>>().join(", ");
    // The first column is there so that all others are behind one.
    let sql = format!(
        "SELECT 0{} FROM {} WHERE {} ORDER BY {key}",
        columns(table),
        quoted(table.name),
        of_one(table)
    );
    let mut statement = connection.prepare_cached(&sql).map_err(|error| failed(&error))?;
    let mut found = statement.query((tenant.as_str(), id)).map_err(|error| failed(&error))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next().map_err(|error| failed(&error))? {
        rows.push(values(row, 1, table)?);
    }
    Ok(rows)
}

/// The contents of the state's columns, which begin at that place.
fn values(row: &Row<'_>, from: usize, table: &StateTable) -> Result<Vec<Value>, StateError> {
    let content = |(place, column): (usize, &watershed_core::write::StateColumn)| {
        let content = row.get_ref(from + place).map_err(|error| failed(&error))?;
        Ok(value::read(column.kind, content))
    };
    table.columns.iter().enumerate().map(content).collect()
}

/// The version of the root's row, as the connection's transaction sees it.
pub(super) fn version(
    connection: &Connection,
    select: &str,
    tenant: &Tenant,
    id: &str,
) -> rusqlite::Result<Option<u64>> {
    let mut statement = connection.prepare_cached(select)?;
    let found: Option<i64> = statement.query_row((tenant.as_str(), id), |row| row.get(0)).optional()?;
    Ok(found.map(|version| u64::try_from(version).unwrap_or_default()))
}

/// Whose rows there are, in the order of tenant and id.
pub(super) fn ids(
    connection: &Connection,
    tables: &TablesSpec,
    after: Option<(&Tenant, &str)>,
    limit: usize,
) -> Result<Vec<WhoseRow>, StateError> {
    let root = &tables.root;
    let tenant = root.tenant.map_or_else(|| "''".to_owned(), quoted);
    let sql = format!(
        "SELECT tenant, id FROM (SELECT {tenant} AS tenant, CAST({} AS TEXT) AS id FROM {}) \
         WHERE ?1 OR (tenant, id) > (?2, ?3) ORDER BY tenant, id LIMIT ?4",
        quoted(root.id),
        quoted(root.name),
    );
    let mut statement = connection.prepare_cached(&sql).map_err(|error| failed(&error))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let behind = match (after, root.tenant) {
        (Some((tenant, id)), Some(_)) => (false, tenant.as_str(), id),
        (Some((_, id)), None) => (false, "", id),
        (None, _) => (true, "", ""),
    };
    let found = statement.query_map((behind.0, behind.1, behind.2, limit), |row| {
        let (of, id): (String, String) = (row.get(0)?, row.get(1)?);
        let tenant = root.tenant.map_or_else(Tenant::default, |_| Tenant::stored(of.into()));
        Ok((tenant, id.into()))
    });
    found.and_then(Iterator::collect).map_err(|error| failed(&error))
}
