//! Views that are a `SELECT` over tables of the log's file.

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};
use watershed_core::ports::{RowError, RowKey, RowsFound, StoredRow};
use watershed_core::{Ask, Predicate, TableSpec, Tenant};
use watershed_store::rows::{
    Allowed, Bind, Columns, Conditions, Relation, RowsFrom, key_of_values, values_of_key,
};

use super::failure::failure;
use super::statements::{SQLITE, quoted};
use super::tables::{Snapshot, instant, page, scan, unsigned, values};
use super::value::Bound;

const LOG_HEAD: &str = include_str!("sql/log_head.sql");

/// A view's columns and where they come from.
#[derive(Debug)]
pub(crate) struct SqlView {
    spec: TableSpec,
    select: String,
    relation: Relation,
}

impl SqlView {
    /// The view of `sql`, which is one `SELECT` that gives the table's columns and `tenant`.
    pub(crate) fn new(spec: TableSpec, sql: &str) -> Self {
        let names: Vec<String> = spec.columns.iter().map(|column| quoted(&column.name)).collect();
        let columns = Columns { spec: &spec, allowed: Allowed::Stored, computed: true, dialect: SQLITE };
        let tie = spec.key_columns().map(|place| columns.term(&spec.columns[place])).collect();
        // On a line of its own, so that a comment at the end does not swallow what closes the view.
        let select = sql.trim().trim_end_matches(';').to_owned();
        let from = format!("({select}\n)");
        let relation =
            Relation { from, columns: names.join(", "), shown: None, computed: true, tie, dialect: SQLITE };
        Self { spec, select, relation }
    }

    /// Checks that the statement is one `SELECT` that gives the columns.
    pub(crate) fn check(&self, connection: &Connection) -> Result<(), RowError> {
        let Relation { from, columns, .. } = &self.relation;
        // Without its brackets too: what closes them and goes on behind them is then no statement.
        for sql in [&format!("SELECT tenant, {columns} FROM {from}"), &self.select] {
            if !connection.prepare(sql).map_err(failure)?.readonly() {
                return Err(RowError::Store(format!("the view `{}` is no SELECT", self.spec.name)));
            }
        }
        Ok(())
    }

    /// Answers a question for one row or a page, as of the log's head.
    pub(crate) fn ask(
        &self,
        connection: &Connection,
        tenant: &Tenant,
        ask: &Ask,
    ) -> Result<RowsFound, RowError> {
        let _snapshot = Snapshot::of(connection)?;
        let mut found = head(connection).map_err(failure)?;
        let position = found.position;
        match &ask.key {
            Some(key) => {
                let key = RowKey { tenant: tenant.clone(), key: key.clone() };
                found.rows.extend(self.row(connection, position, &key)?);
            }
            None => {
                let read = |row: &Row<'_>| self.stored(row, 0, position, tenant.clone());
                (found.rows, found.next) = page(connection, &self.rows_from(), tenant, ask, read)?;
            }
        }
        Ok(found)
    }

    /// The rows with these keys.
    pub(crate) fn rows(&self, connection: &Connection, keys: &[RowKey]) -> Result<Vec<StoredRow>, RowError> {
        let _snapshot = Snapshot::of(connection)?;
        let position = head(connection).map_err(failure)?.position;
        keys.iter().filter_map(|key| self.row(connection, position, key).transpose()).collect()
    }

    /// The rows of all tenants that fulfil `filter`, in the order of their keys, after that one.
    pub(crate) fn scan(
        &self,
        connection: &Connection,
        filter: &Predicate,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, RowError> {
        let _snapshot = Snapshot::of(connection)?;
        let position = head(connection).map_err(failure)?.position;
        let read = |row: &Row<'_>, tenant| self.stored(row, 1, position, tenant);
        scan(connection, &self.rows_from(), None, (filter, after, limit), read)
    }

    fn row(
        &self,
        connection: &Connection,
        position: u64,
        key: &RowKey,
    ) -> Result<Option<StoredRow>, RowError> {
        let Some(parts) = values_of_key(&self.spec, key.key.as_str()) else { return Ok(None) };
        let mut conditions = Conditions::new(SQLITE, 1);
        conditions.compare("tenant", " = ", Bind::Text(key.tenant.as_str()));
        for (column, part) in self.relation.tie.iter().zip(&parts) {
            conditions.and().compare(column, " = ", Bind::Value(part));
        }
        let Relation { from, columns, .. } = &self.relation;
        let sql = format!("SELECT {columns} FROM {from} WHERE {} LIMIT 1", conditions.sql);
        let find = || -> rusqlite::Result<Option<StoredRow>> {
            let mut statement = connection.prepare_cached(&sql)?;
            let read = |row: &Row<'_>| self.stored(row, 0, position, key.tenant.clone());
            statement
                .query_row(params_from_iter(conditions.binds.iter().map(|bind| Bound(*bind))), read)
                .optional()
        };
        find().map_err(failure)
    }

    fn rows_from(&self) -> RowsFrom<'_> {
        RowsFrom { relation: &self.relation, spec: &self.spec, tie: values_of_key }
    }

    fn stored(&self, row: &Row<'_>, at: usize, position: u64, tenant: Tenant) -> rusqlite::Result<StoredRow> {
        let values = values(&self.spec, row, at)?;
        let key = key_of_values(&self.spec, &values);
        Ok(StoredRow { key: RowKey { tenant, key }, values, position, revision: 0, shown: true })
    }
}

/// An answer without rows, as of the log's head.
fn head(connection: &Connection) -> rusqlite::Result<RowsFound> {
    let read = |row: &Row<'_>| {
        Ok(RowsFound { position: unsigned(row, 0)?, event_time: instant(row, 1)?, ..RowsFound::default() })
    };
    let found = connection.prepare_cached(LOG_HEAD)?.query_row([], read).optional()?;
    Ok(found.unwrap_or_default())
}
