//! Readers' questions, each answered by one statement: so rows and checkpoint are as of one moment.

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use watershed_core::ports::{RowError, RowKey, RowsFound, StoredRow};
use watershed_core::{Ask, Key, TableSpec, Tenant, Value};
use watershed_store::from_sql;
use watershed_store::rows::Question;

use super::super::edition::Made;
use super::super::failure::Failure;
use super::super::names::row_id;
use super::super::statements::{LOOK_UP_HEAD, PAGE_BEFORE, TableSql, page};
use super::super::value::{Bound, misfit};
use super::read::{AsyncQuery, instant};

/// Answers a question for one row or a page: shown rows, and the checkpoint that they are as of.
pub(crate) async fn ask(
    made: &Made,
    place: usize,
    tenant: &Tenant,
    ask: &Ask,
    query: impl AsyncQuery,
) -> Result<Option<RowsFound>, Failure> {
    let table = made.at(place)?;
    match &ask.key {
        Some(key) => look_up(made, table, tenant, key, query).await,
        None => ask_page(made, table, tenant, ask, query).await,
    }
}

async fn look_up(
    made: &Made,
    table: &TableSql,
    tenant: &Tenant,
    key: &Key,
    query: impl AsyncQuery,
) -> Result<Option<RowsFound>, Failure> {
    let id = row_id(&RowKey { tenant: tenant.clone(), key: key.clone() });
    let view = &*table.spec.name;
    let found = query.query(&table.look_up, &[&made.id, &made.load, &id, &view]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    Ok(Some(RowsFound {
        rows: table.stored(row, LOOK_UP_HEAD, tenant.clone(), Some(key.clone()))?.into_iter().collect(),
        next: None,
        position: from_sql(row.try_get(0)?),
        event_time: instant(row, 1)?,
        parked: row.try_get::<_, bool>(2)?.into(),
    }))
}

async fn ask_page(
    made: &Made,
    table: &TableSql,
    tenant: &Tenant,
    ask: &Ask,
    query: impl AsyncQuery,
) -> Result<Option<RowsFound>, Failure> {
    let question = Question::new(table.rows_from(), tenant, ask, PAGE_BEFORE + 1)?;
    check_cursor(&table.spec, ask)?;
    let segments = question.segments();
    let (sql, binds) = page(table, &question, &segments);
    let bound: Vec<Bound<'_>> = binds.into_iter().map(Bound).collect();
    let view = &*table.spec.name;
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&made.id, &made.load, &view];
    values.extend(bound.iter().map(|bound| bound as &(dyn ToSql + Sync)));
    let found = query.query(&sql, &values).await?;
    let Some(head) = found.first() else { return Ok(None) };
    let (position, event_time) = (from_sql(head.try_get(0)?), instant(head, 1)?);
    let parked = from_sql(head.try_get(2)?);
    let read = |row: &Row| table.stored(row, 3, tenant.clone(), None).transpose();
    let rows: Result<Vec<StoredRow>, _> = found.iter().filter_map(read).collect();
    let (rows, next) = question.page(rows?);
    Ok(Some(RowsFound { rows, next, position, event_time, parked }))
}

/// The columns hold nothing but their own kinds: a cursor that names another one has been tampered with.
pub(crate) fn check_cursor(spec: &TableSpec, ask: &Ask) -> Result<(), RowError> {
    let Some(cursor) = &ask.after else { return Ok(()) };
    let fits = |(name, value): (&str, &Value)| {
        spec.column(name).is_some_and(|(_, column)| misfit(column.kind, value).is_none())
    };
    let names = ask.sort.iter().map(|(name, _)| &**name);
    if names.zip(&cursor.values).all(fits) { Ok(()) } else { Err(RowError::WrongCursor) }
}
