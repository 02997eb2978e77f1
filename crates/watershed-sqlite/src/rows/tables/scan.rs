//! The rows of all tenants, for folds.

use rusqlite::{Connection, Row, params_from_iter};
use watershed_core::ports::{RowError, RowKey, StoredRow};
use watershed_core::{Predicate, Tenant, Value};

use super::super::failure::failure;
use super::super::statements::{Allowed, Conditions};
use super::super::value::Bind;
use super::page::RowsFrom;
use super::read::text;
use super::{Snapshot, Tables};

impl Tables {
    /// The rows of all tenants that fulfil `filter`, in the order of their keys, after that one; hidden ones too.
    pub(crate) fn scan(
        &self,
        connection: &Connection,
        table: usize,
        filter: &Predicate,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, RowError> {
        let table = self.at(table)?;
        let _snapshot = Snapshot::of(connection)?;
        if !self.are_current(connection)? {
            return Ok(Vec::new());
        }
        scan(connection, &table.rows_from(), (filter, after, limit), |row, tenant| {
            table.stored(row, 1, tenant, None)
        })
    }
}

/// The rows that fulfil the filter, after that one, at most so many. `read` makes one from the columns after the first.
pub(crate) fn scan(
    connection: &Connection,
    from: &RowsFrom<'_>,
    (filter, after, limit): (&Predicate, Option<&RowKey>, usize),
    read: impl Fn(&Row<'_>, Tenant) -> rusqlite::Result<StoredRow>,
) -> Result<Vec<StoredRow>, RowError> {
    let tie: Vec<&str> = from.relation.tie.iter().map(|term| &*term.column).collect();
    let order = format!("tenant, {}", tie.join(", "));
    let mut conditions = Conditions::default();
    conditions.predicate(from.columns(Allowed::Stored), filter, true)?;
    let last = after.and_then(|after| (from.tie)(from.spec, after.key.as_str()));
    if let (Some(after), Some(last)) = (after, &last) {
        behind(&mut conditions, &order, &after.tenant, last);
    }
    let sql = format!(
        "SELECT tenant, {} FROM {} WHERE {} ORDER BY {order} LIMIT ?",
        from.relation.columns, from.relation.from, conditions.sql,
    );
    conditions.binds.push(Bind::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
    rows(connection, &sql, &conditions.binds, read).map_err(failure)
}

fn behind<'q>(conditions: &mut Conditions<'q>, order: &str, tenant: &'q Tenant, last: &'q [Value]) {
    conditions.and().text(&format!("({order}) > (")).bind(Bind::Text(tenant.as_str()));
    for value in last {
        conditions.text(", ").bind(Bind::Value(value));
    }
    conditions.text(")");
}

fn rows(
    connection: &Connection,
    sql: &str,
    binds: &[Bind<'_>],
    read: impl Fn(&Row<'_>, Tenant) -> rusqlite::Result<StoredRow>,
) -> rusqlite::Result<Vec<StoredRow>> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut found = statement.query(params_from_iter(binds))?;
    let mut rows: Vec<StoredRow> = Vec::new();
    while let Some(row) = found.next()? {
        let name = text(row, 0)?;
        let tenant = match rows.last() {
            Some(last) if last.key.tenant.as_str() == &*name => last.key.tenant.clone(),
            _ => Tenant::stored(name.into()),
        };
        rows.push(read(row, tenant)?);
    }
    Ok(rows)
}
