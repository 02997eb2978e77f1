//! The rows of all tenants, for folds.

use tokio_postgres::types::ToSql;
use watershed_core::ports::{RowKey, StoredRow};
use watershed_core::{Predicate, Tenant};

use super::super::edition::Made;
use super::super::failure::Failure;
use super::super::statements::{TableSql, scan as statement};
use super::super::value::Bound;
use crate::connection::Connection;

/// The rows of all tenants that fulfil `filter`, in the order of their keys, after that one; hidden ones too. On a connection
/// in a transaction that holds one moment, in which the tables are those of the checkpoint.
pub(crate) async fn scan(
    connection: &Connection,
    made: &Made,
    place: usize,
    filter: &Predicate,
    after: Option<&RowKey>,
    limit: usize,
) -> Result<Vec<StoredRow>, Failure> {
    let table = made.at(place)?;
    // One tenant after the other, so that the indexes serve: the tenant leads every one.
    let (mut after, mut rows) = (after, Vec::new());
    let mut tenant = match after {
        Some(after) => Some(after.tenant.clone()),
        None => tenant_after(connection, table, "").await?,
    };
    while let Some(now) = tenant.filter(|_| rows.len() < limit) {
        let after_key = after.take().map(|after| after.key.as_str());
        let (sql, binds) = statement(&table.rows_from(), &now, (filter, after_key, limit - rows.len()))?;
        let bound: Vec<Bound<'_>> = binds.into_iter().map(Bound).collect();
        let values: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|bound| bound as _).collect();
        for row in connection.query(&sql, &values).await? {
            rows.extend(table.stored(&row, 0, now.clone(), None)?);
        }
        tenant = tenant_after(connection, table, now.as_str()).await?;
    }
    Ok(rows)
}

async fn tenant_after(
    connection: &Connection,
    table: &TableSql,
    last: &str,
) -> Result<Option<Tenant>, Failure> {
    let found = connection.query(&table.first_tenant, &[&last]).await?;
    let name: Option<&str> = found.first().map(|row| row.try_get(0)).transpose()?.flatten();
    Ok(name.map(|name| Tenant::stored(name.into())))
}
