//! Views that are a `SELECT` over what stands in the log's schema, as of the log's head.
//!
//! Inline rows, which commit with the events, are not kept here yet.

use std::fmt;
use std::sync::Arc;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use watershed_core::ports::{
    GroupSpec, Later, RowError, RowGroup, RowKey, RowReader, RowsBesideLog, RowsFound, StoredRow,
};
use watershed_core::{Ask, Predicate, TableSpec, Tenant};
use watershed_store::from_sql;
use watershed_store::rows::{Question, key_of_values};

use super::failure::Failure;
use super::pool::Pool;
use super::statements::SqlView;
use super::tables::{check_cursor, instant, values};
use super::value::Bound;
use crate::connection::Connection;
use crate::error::OpenError;
use crate::migrate::{LOG, bring_up};
use crate::options::Options;

/// A view's statement is its author's: it is planned as PostgreSQL thinks best, for the values at hand, and changes nothing.
const SESSION: &str = "SET default_transaction_read_only = on; RESET plan_cache_mode; RESET enable_seqscan;
    RESET enable_hashjoin; RESET enable_mergejoin; RESET jit";

/// The views over a log on PostgreSQL.
pub struct PostgresRowsBesideLog {
    pool: Arc<Pool>,
}

impl fmt::Debug for PostgresRowsBesideLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresRowsBesideLog({})", self.pool.options().schema)
    }
}

impl PostgresRowsBesideLog {
    /// The views over the log in that schema.
    ///
    /// # Errors
    /// Where the server cannot be reached, or the log's tables cannot be made.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let connection = Connection::open(&options).await?;
        bring_up(&connection, &options, &[LOG]).await?;
        Ok(Self { pool: Arc::new(Pool::with_session(&options, SESSION)) })
    }

    async fn open_view(&self, table: TableSpec, sql: &str) -> Result<Arc<dyn RowReader>, RowError> {
        let view = SqlView::new(table, sql);
        let lent = self.pool.lend().await?;
        // Without its brackets too: what closes them and goes on behind them is then no statement.
        for sql in view.checked() {
            lent.statement(sql).await.map_err(Failure::from)?;
        }
        lent.give_back();
        Ok(Arc::new(ViewReader { pool: self.pool.clone(), view }))
    }
}

impl RowsBesideLog for PostgresRowsBesideLog {
    fn open_inline(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>> {
        Box::pin(async move {
            let name = group.name;
            Err(RowError::Store(format!(
                "`{name}` cannot be inline: a log on PostgreSQL keeps no inline rows"
            )))
        })
    }

    fn open_sql_view(
        &self,
        table: TableSpec,
        sql: &'static str,
    ) -> Later<'_, Result<Arc<dyn RowReader>, RowError>> {
        Box::pin(self.open_view(table, sql))
    }
}

/// Reads a view.
struct ViewReader {
    pool: Arc<Pool>,
    view: SqlView,
}

impl ViewReader {
    async fn query(
        &self,
        sql: &str,
        binds: Vec<watershed_store::rows::Bind<'_>>,
    ) -> Result<Vec<Row>, Failure> {
        let bound: Vec<Bound<'_>> = binds.into_iter().map(Bound).collect();
        let values: Vec<&(dyn ToSql + Sync)> = bound.iter().map(|bound| bound as _).collect();
        self.pool.query(sql, &values).await
    }

    async fn ask_page(&self, tenant: &Tenant, ask: &Ask) -> Result<RowsFound, Failure> {
        let question = Question::new(self.view.rows_from(), tenant, ask, 1)?;
        check_cursor(&self.view.spec, ask)?;
        let segments = question.segments();
        let (sql, binds) = self.view.page(&question, &segments);
        let (mut found, rows) = self.found(&self.query(&sql, binds).await?, tenant)?;
        (found.rows, found.next) = question.page(rows);
        Ok(found)
    }

    async fn one(&self, key: &RowKey) -> Result<RowsFound, Failure> {
        let Some(parts) = self.view.parts(key.key.as_str()) else { return Ok(RowsFound::default()) };
        let (sql, binds) = self.view.one(&key.tenant, &parts);
        let (mut found, rows) = self.found(&self.query(&sql, binds).await?, &key.tenant)?;
        found.rows = rows;
        Ok(found)
    }

    async fn scan_now(
        &self,
        filter: &Predicate,
        after: Option<&RowKey>,
        limit: usize,
    ) -> Result<Vec<StoredRow>, Failure> {
        let parts = after.and_then(|after| Some((&after.tenant, self.view.parts(after.key.as_str())?)));
        let (sql, binds) = self.view.scan(filter, parts.as_ref(), limit)?;
        let found = self.query(&sql, binds).await?;
        let mut rows = Vec::with_capacity(found.len());
        for row in &found {
            let tenant: &str = row.try_get(1)?;
            let tenant = Tenant::stored(tenant.into());
            rows.push(self.stored(row, 2, from_sql(row.try_get(0)?), tenant)?);
        }
        Ok(rows)
    }

    /// The head that an answer is as of, and the rows, where there are any.
    fn found(&self, rows: &[Row], tenant: &Tenant) -> Result<(RowsFound, Vec<StoredRow>), Failure> {
        let Some(head) = rows.first() else { return Ok((RowsFound::default(), Vec::new())) };
        let position = from_sql(head.try_get(0)?);
        let found = RowsFound { position, event_time: instant(head, 1)?, ..RowsFound::default() };
        let mut stored = Vec::with_capacity(rows.len());
        for row in rows {
            if row.try_get::<_, Option<bool>>(2)?.is_some() {
                stored.push(self.stored(row, 3, position, tenant.clone())?);
            }
        }
        Ok((found, stored))
    }

    fn stored(&self, row: &Row, at: usize, position: u64, tenant: Tenant) -> Result<StoredRow, Failure> {
        let values = values(&self.view.spec, row, at)?;
        let key = key_of_values(&self.view.spec, &values);
        Ok(StoredRow { key: RowKey { tenant, key }, values, position, revision: 0, shown: true })
    }
}

impl RowReader for ViewReader {
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>> {
        Box::pin(async move {
            Ok(match &ask.key {
                Some(key) => self.one(&RowKey { tenant: tenant.clone(), key: key.clone() }).await?,
                None => self.ask_page(tenant, ask).await?,
            })
        })
    }

    fn rows<'a>(&'a self, _: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move {
            let mut rows = Vec::with_capacity(keys.len());
            for key in keys {
                rows.extend(self.one(key).await?.rows);
            }
            Ok(rows)
        })
    }

    fn scan<'a>(
        &'a self,
        _: usize,
        filter: &'a Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>> {
        Box::pin(async move { Ok(self.scan_now(filter, after, limit).await?) })
    }
}
