use tokio_postgres::Row;
use tokio_postgres::error::SqlState;
use watershed_core::ports::{LoadedRows, StateError, WhoseRow};
use watershed_core::write::{StateRows, StateTable, TablesSpec};
use watershed_core::{ColumnKind, Tenant, Value};

use super::columns::{Columns, Known, table_name};
use super::failed;
use super::make::RESERVED;
use super::sql::OneOf;
use crate::connection::{Connection, quoted};
use crate::error::in_words;

pub(super) async fn check(
    connection: &Connection,
    known: &Known,
    tables: &TablesSpec,
) -> Result<(), StateError> {
    tables.check().map_err(StateError::Unfit)?;
    let mut problems = Vec::new();
    let children = tables.children.iter().map(|child| (child, None));
    for (table, version) in [(&tables.root, Some(tables.version))].into_iter().chain(children) {
        let columns = known.look(connection, table.name).await.map_err(|error| failed(&error))?;
        look_at(table, version, &columns, &mut problems);
    }
    if problems.is_empty() { Ok(()) } else { Err(StateError::Unfit(problems.join("; "))) }
}

fn look_at(table: &StateTable, version: Option<&str>, columns: &Columns, problems: &mut Vec<String>) {
    let name = table.name;
    if RESERVED.contains(&name) {
        problems.push(format!("`{name}` is a name that the log needs itself"));
        return;
    }
    if columns.is_empty() {
        problems.push(format!("there is no table `{name}`"));
        return;
    }
    let wanted = table.columns.iter().map(|column| (column.name, Some(column.kind)));
    let version = version.map(|column| (column, Some(ColumnKind::Int)));
    // An id may be a number: what is asked for by it is compared as the column keeps it.
    let ids = [table.tenant, Some(table.id)].into_iter().flatten().map(|column| (column, None));
    for (column, kind) in wanted.chain(version).chain(ids) {
        match (columns.get(column), kind) {
            (None, _) => problems.push(format!("`{name}` has no column `{column}`")),
            (Some(found), Some(kind)) => {
                if let Err(instead) = found.keeps(kind) {
                    let declared = &found.cast;
                    problems
                        .push(format!("`{name}.{column}` is declared `{declared}`: declare it {instead}"));
                }
            }
            (Some(_), None) => {}
        }
    }
}

/// The aggregate's rows, by one statement: as of one moment.
pub(super) async fn load(
    connection: &Connection,
    known: &Known,
    tables: &TablesSpec,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<LoadedRows>, StateError> {
    let unreadable =
        |problem: String| StateError::Unreadable(format!("`{}`, row `{id}`: {problem}", tables.root.name));
    let mut columns = Vec::new();
    for table in [&tables.root].into_iter().chain(&tables.children) {
        let found = known.of(connection, table.name).await.map_err(|error| failed(&error))?;
        if found.is_empty() {
            return Err(StateError::Unfit(format!("there is no table `{}`", table.name)));
        }
        columns.push(found);
    }
    let one = |table, columns| OneOf { table, columns, tenant: tenant.as_str(), id };
    let root = one(&tables.root, &columns[0]);
    let children: Vec<OneOf<'_>> =
        tables.children.iter().zip(&columns[1..]).map(|(table, columns)| one(table, columns)).collect();
    let (spelling, statement) = (root.spelling(), root.load(tables, &children));
    let (spelt, found) = tokio::join!(
        biased;
        connection.ask(&spelling.sql, &spelling.texts),
        connection.ask(&statement.sql, &statement.texts),
    );
    let spelt = match spelt {
        Ok(rows) => rows.first().and_then(|row| row.get::<_, Option<String>>(0)),
        // No id of that type at all.
        Err(error) if is_no_such_value(&error) => return Err(unreadable(in_words(&error))),
        Err(error) => return Err(failed(&error)),
    };
    // Two ids that the column takes for one would be two streams over one row.
    if spelt.as_deref() != Some(id) {
        return Err(unreadable(format!("its id is spelt `{}`", spelt.unwrap_or_default())));
    }
    let found = found.map_err(|error| failed(&error))?;
    if found.len() > 1 {
        return Err(unreadable("there are several with this id".to_owned()));
    }
    let Some(row) = found.first() else { return Ok(None) };
    let version: Option<String> = row.get(0);
    let version = version.and_then(|version| version.parse().ok());
    let version = version.ok_or_else(|| unreadable(format!("`{}` holds no version", tables.version)))?;
    let rows = StateRows {
        kept: true,
        root: contents(&root, &texts(row, 1, tables.root.columns.len())),
        children: children_of(row, &children, 1 + tables.root.columns.len()).map_err(unreadable)?,
    };
    Ok(Some(LoadedRows { version, rows }))
}

fn is_no_such_value(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("22") || *code == SqlState::CANNOT_COERCE)
}

fn texts(row: &Row, from: usize, count: usize) -> Vec<Option<String>> {
    (from..from + count).map(|place| row.get(place)).collect()
}

fn contents(one: &OneOf<'_>, texts: &[Option<String>]) -> Vec<Value> {
    let all = one.table.columns.iter().zip(texts);
    all.map(|(column, text)| one.column(column.name).value(column.kind, text.as_deref())).collect()
}

fn children_of(row: &Row, children: &[OneOf<'_>], from: usize) -> Result<Vec<Vec<Vec<Value>>>, String> {
    let mut all = Vec::with_capacity(children.len());
    for (place, child) in children.iter().enumerate() {
        let json: &str = row.get(from + place);
        let rows: Vec<Vec<Option<String>>> =
            serde_json::from_str(json).map_err(|error| format!("`{}`: {error}", child.table.name))?;
        all.push(rows.iter().map(|texts| contents(child, texts)).collect());
    }
    Ok(all)
}

/// Whose rows there are, in the order of tenant and id, by their bytes.
pub(super) async fn ids(
    connection: &Connection,
    tables: &TablesSpec,
    after: Option<(&Tenant, &str)>,
    limit: usize,
) -> Result<Vec<WhoseRow>, StateError> {
    let root = &tables.root;
    let tenant = root.tenant.map_or_else(|| "''".to_owned(), quoted);
    let sql = format!(
        "SELECT tenant, id FROM (SELECT {tenant}::text COLLATE \"C\" AS tenant, {}::text COLLATE \"C\" AS id FROM {}) AS ids \
         WHERE $1::text IS NULL OR (tenant, id) > ($1, $2::text) ORDER BY tenant, id LIMIT $3::text::bigint",
        quoted(root.id),
        table_name(root.name),
    );
    let behind =
        after.map(|(tenant, id)| (root.tenant.map_or("", |_| tenant.as_str()).to_owned(), id.to_owned()));
    let (tenant, id) = behind.unzip();
    let rows = connection.ask(&sql, &[tenant, id, Some(limit.to_string())]).await;
    let whose = |row: &Row| {
        let (of, id): (String, String) = (row.get(0), row.get(1));
        (root.tenant.map_or_else(Tenant::default, |_| Tenant::stored(of.into())), id.into())
    };
    rows.map(|rows| rows.iter().map(whose).collect()).map_err(|error| failed(&error))
}
