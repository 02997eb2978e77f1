//! Rows from a statement's columns.

use std::collections::HashMap;

use tokio_postgres::{Error, Row};
use uuid::Uuid;
use watershed_core::ports::{RowKey, StoredRow};
use watershed_core::{Key, TableSpec, Tenant, Timestamp, Value};
use watershed_store::from_sql;
use watershed_store::rows::{KeyColumn, RowsFrom, key_from};

use super::super::edition::Made;
use super::super::failure::Failure;
use super::super::names::row_id;
use super::super::statements::TableSql;
use super::super::value::read;
use crate::connection::Values;

/// The contents of a row's columns, the first of which stands at `at`.
pub(crate) fn values(spec: &TableSpec, row: &Row, at: usize) -> Result<Vec<Value>, Error> {
    spec.columns.iter().enumerate().map(|(place, column)| read(column.kind, row, at + place)).collect()
}

/// An instant that is kept as microseconds since 1970.
pub(crate) fn instant(row: &Row, at: usize) -> Result<Option<Timestamp>, Error> {
    Ok(row.try_get::<_, Option<i64>>(at)?.map(Timestamp::from_micros))
}

/// In a table, keys are compared as the texts that they are.
fn key_text(_: &TableSpec, key: &str) -> Option<Vec<Value>> {
    (!key.contains('\0')).then(|| vec![Value::Text(key.into())])
}

impl TableSql {
    /// What pages and scans are read from.
    pub(crate) fn rows_from(&self) -> RowsFrom<'_> {
        RowsFrom { relation: &self.relation, spec: &self.spec, tie: key_text }
    }

    /// A row, the first of whose columns stands at `at`; none where they are empty. The key is read where the caller does
    /// not know it.
    pub(super) fn stored(
        &self,
        row: &Row,
        at: usize,
        tenant: Tenant,
        key: Option<Key>,
    ) -> Result<Option<StoredRow>, Error> {
        let Some(position) = row.try_get::<_, Option<i64>>(at)? else { return Ok(None) };
        let values = values(&self.spec, row, at + 3)?;
        let key = match (key, self.key) {
            (Some(known), _) => known,
            (None, KeyColumn::Column(place)) => key_from(&values[place]),
            (None, KeyColumn::Own) => Key::from(row.try_get::<_, &str>(at + 3 + values.len())?),
        };
        Ok(Some(StoredRow {
            key: RowKey { tenant, key },
            values,
            position: from_sql(position),
            revision: from_sql(row.try_get(at + 1)?),
            shown: row.try_get(at + 2)?,
        }))
    }
}

/// The rows with these keys, in the keys' order. `query` runs the statement.
pub(crate) async fn rows(
    made: &Made,
    table: usize,
    keys: &[RowKey],
    query: impl AsyncQuery,
) -> Result<Option<Vec<StoredRow>>, Failure> {
    let table = made.at(table)?;
    let ids: Vec<Uuid> = keys.iter().map(row_id).collect();
    let found = query.query(&table.by_ids, &[&made.id, &made.load, &ids]).await?;
    if found.is_empty() {
        return Ok(None);
    }
    let mut by_id: HashMap<Uuid, &Row> = HashMap::with_capacity(found.len());
    for row in &found {
        if let Some(id) = row.try_get::<_, Option<Uuid>>(0)? {
            by_id.insert(id, row);
        }
    }
    let mut rows = Vec::with_capacity(by_id.len());
    for (key, id) in keys.iter().zip(&ids) {
        if let Some(row) = by_id.get(id) {
            rows.extend(table.stored(row, 1, key.tenant.clone(), Some(key.key.clone()))?);
        }
    }
    Ok(Some(rows))
}

/// Whatever runs a statement: a connection in a transaction, or any of those that read.
pub(crate) trait AsyncQuery {
    /// The statement's rows.
    fn query(&self, sql: &str, values: Values<'_>) -> impl Future<Output = Result<Vec<Row>, Failure>> + Send;
}

impl AsyncQuery for &crate::connection::Connection {
    async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        Ok(crate::connection::Connection::query(self, sql, values).await?)
    }
}

impl AsyncQuery for &super::super::pool::Pool {
    async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        super::super::pool::Pool::query(self, sql, values).await
    }
}
