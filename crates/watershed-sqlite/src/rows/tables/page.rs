//! Pages of rows, whatever they are read from.

use rusqlite::{Connection, Row, params_from_iter};
use watershed_core::ports::{RowError, StoredRow};
use watershed_core::{Ask, Cursor, Tenant};
use watershed_store::rows::{Bind, Question, RowsFrom, Segment};

use super::super::failure::failure;
use super::super::value::Bound;

/// The rows of the page that `ask` asks for, and where the next one starts.
pub(crate) fn page(
    connection: &Connection,
    from: &RowsFrom<'_>,
    tenant: &Tenant,
    ask: &Ask,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<StoredRow>,
) -> Result<(Vec<StoredRow>, Option<Cursor>), RowError> {
    let question = Question::new(*from, tenant, ask, 1)?;
    let mut rows = Vec::new();
    for segment in question.segments() {
        let wanted = question.wanted() - rows.len();
        read_segment(connection, &question, &segment, wanted, &read, &mut rows).map_err(failure)?;
        if rows.len() == question.wanted() {
            break;
        }
    }
    Ok(question.page(rows))
}

fn read_segment(
    connection: &Connection,
    question: &Question<'_>,
    segment: &Segment<'_>,
    wanted: usize,
    read: &impl Fn(&Row<'_>) -> rusqlite::Result<StoredRow>,
    rows: &mut Vec<StoredRow>,
) -> rusqlite::Result<()> {
    let limit = Bind::Int(i64::try_from(wanted).unwrap_or(i64::MAX));
    let binds = question.conditions().binds.iter().chain(&segment.conditions.binds).chain([&limit]);
    let mut statement = connection.prepare_cached(&question.select(segment))?;
    let mut found = statement.query(params_from_iter(binds.map(|bind| Bound(*bind))))?;
    while let Some(row) = found.next()? {
        rows.push(read(row)?);
    }
    Ok(())
}

#[cfg(test)]
#[path = "page_plans.rs"]
mod plans;
