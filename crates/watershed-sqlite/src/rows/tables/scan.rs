//! The rows of all tenants, for folds.

use rusqlite::{Connection, Row, params_from_iter};
use watershed_core::ports::{RowError, RowKey, StoredRow};
use watershed_core::{Predicate, Tenant, Value};
use watershed_store::rows::{Allowed, Bind, Conditions, RowsFrom};

use super::super::failure::failure;
use super::super::statements::SQLITE;
use super::super::value::Bound;
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
        // One tenant after the other, so that the indexes serve: the tenant leads every one.
        let (from, mut after, mut rows) = (table.rows_from(), after, Vec::new());
        let mut tenant = match after {
            Some(after) => Some(after.tenant.clone()),
            None => tenant_after(connection, &table.first_tenant, "")?,
        };
        while let Some(now) = tenant.filter(|_| rows.len() < limit) {
            let wanted = (filter, after.take(), limit - rows.len());
            let read = |row: &Row<'_>, tenant| table.stored(row, 1, tenant, None);
            rows.extend(scan(connection, &from, Some(&now), wanted, read)?);
            tenant = tenant_after(connection, &table.first_tenant, now.as_str())?;
        }
        Ok(rows)
    }
}

fn tenant_after(connection: &Connection, sql: &str, last: &str) -> Result<Option<Tenant>, RowError> {
    let find = || -> rusqlite::Result<Option<Tenant>> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut found = statement.query([last])?;
        found.next()?.map(|row| Ok(Tenant::stored(text(row, 0)?.into()))).transpose()
    };
    find().map_err(failure)
}

/// The rows that fulfil the filter, after that one, at most so many; one tenant's, where one is given.
/// `read` makes a row from the columns after the first.
pub(crate) fn scan(
    connection: &Connection,
    from: &RowsFrom<'_>,
    tenant: Option<&Tenant>,
    (filter, after, limit): (&Predicate, Option<&RowKey>, usize),
    read: impl Fn(&Row<'_>, Tenant) -> rusqlite::Result<StoredRow>,
) -> Result<Vec<StoredRow>, RowError> {
    let tie = from.relation.tie.join(", ");
    let mut conditions = Conditions::new(SQLITE, 1);
    if let Some(tenant) = tenant {
        conditions.compare("tenant", " = ", Bind::Text(tenant.as_str()));
    }
    conditions.and().predicate(from.columns(Allowed::Stored), filter, true)?;
    let last = after.and_then(|after| (from.tie)(from.spec, after.key.as_str()));
    if let (Some(after), Some(last)) = (after, &last) {
        behind(&mut conditions, &tie, tenant.is_none().then_some(&after.tenant), last);
    }
    let order = if tenant.is_some() { tie } else { format!("tenant, {tie}") };
    let sql = format!(
        "SELECT tenant, {} FROM {} WHERE {} ORDER BY {order} LIMIT ?",
        from.relation.columns, from.relation.from, conditions.sql,
    );
    conditions.binds.push(Bind::Int(i64::try_from(limit).unwrap_or(i64::MAX)));
    rows(connection, &sql, &conditions.binds, read).map_err(failure)
}

/// Adds what holds of the rows behind that one: of its own tenant, or of all that come after it.
fn behind<'q>(conditions: &mut Conditions<'q>, tie: &str, tenant: Option<&'q Tenant>, last: &'q [Value]) {
    let tenant = tenant.map(|tenant| Bind::Text(tenant.as_str()));
    let names = if tenant.is_some() { "tenant, " } else { "" };
    conditions.and().text(&format!("({names}{tie}) > ("));
    for (place, bind) in tenant.into_iter().chain(last.iter().map(Bind::Value)).enumerate() {
        conditions.text(if place > 0 { ", " } else { "" }).bind(bind);
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
    let mut found = statement.query(params_from_iter(binds.iter().map(|bind| Bound(*bind))))?;
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
