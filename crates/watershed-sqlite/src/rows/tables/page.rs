//! Pages of rows, whatever they are read from.

use rusqlite::{Connection, Row, params_from_iter};
use watershed_core::ports::{RowError, StoredRow};
use watershed_core::{Ask, Cursor, Direction, TableSpec, Tenant, Value};

use super::super::failure::failure;
use super::super::statements::{
    Allowed, Columns, Conditions, Relation, Segment, Term, first_page, segments_after,
};
use super::super::value::Bind;

/// What rows are read from: a table, or a view.
#[derive(Clone, Copy)]
pub(crate) struct RowsFrom<'a> {
    pub(crate) relation: &'a Relation,
    pub(crate) spec: &'a TableSpec,
    /// The values of the columns that break ties, from a key; none where the text is no key.
    pub(crate) tie: fn(&TableSpec, &str) -> Option<Vec<Value>>,
}

impl<'a> RowsFrom<'a> {
    pub(crate) fn columns(&self, allowed: Allowed) -> Columns<'a> {
        Columns { spec: self.spec, allowed, computed: self.relation.computed }
    }
}

/// What the page is sorted by: the columns asked for, and then the key, the same way as the last of them. So an index over a
/// column and the key serves both ways, however many rows are equal in the column.
fn terms(from: &RowsFrom<'_>, ask: &Ask) -> Result<Vec<Term>, RowError> {
    let mut terms = from.columns(Allowed::Declared).sorted(&ask.sort)?;
    let direction = terms.last().map_or(Direction::Ascending, |last| last.direction);
    let tie = from.relation.tie.iter().cloned();
    terms.extend(tie.map(|column| Term { column, direction, optional: false }));
    Ok(terms)
}

/// The rows of the page that `ask` asks for, and where the next one starts.
pub(crate) fn page(
    connection: &Connection,
    from: &RowsFrom<'_>,
    tenant: &Tenant,
    ask: &Ask,
    read: impl Fn(&Row<'_>) -> rusqlite::Result<StoredRow>,
) -> Result<(Vec<StoredRow>, Option<Cursor>), RowError> {
    let terms = terms(from, ask)?;
    let question = question(from, tenant, ask)?;
    let scope = scope(tenant, ask, &question, &terms);
    let limit = ask.limit.clamp(1, Ask::MAX_LIMIT) as usize;
    let start = ask.after.as_ref().map(|cursor| start(from, ask, cursor, scope)).transpose()?;
    let segments = match &start {
        None => first_page(),
        Some(values) => segments_after(&terms, values),
    };
    let mut rows = Vec::new();
    for segment in segments {
        // One more than the page holds, to know whether there is another page.
        let wanted = limit + 1 - rows.len();
        read_segment(connection, from, (&question, &segment, &terms), wanted, &read, &mut rows)
            .map_err(failure)?;
        if rows.len() > limit {
            break;
        }
    }
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| Cursor {
        scope,
        values: sort_values(from.spec, ask, last),
        key: last.key.key.as_str().to_owned(),
    });
    Ok((rows, next))
}

/// The conditions that every row of the answer fulfils.
fn question<'q>(from: &RowsFrom<'_>, tenant: &'q Tenant, ask: &'q Ask) -> Result<Conditions<'q>, RowError> {
    let mut conditions = Conditions::default();
    conditions.compare("tenant", " = ", Bind::Text(tenant.as_str()));
    if from.relation.hides {
        conditions.and().text("_shown = 1");
    }
    conditions.and().predicate(from.columns(Allowed::Declared), &ask.filter, true)?;
    Ok(conditions)
}

/// What a cursor is good for: this tenant's question in this order.
fn scope(tenant: &Tenant, ask: &Ask, question: &Conditions<'_>, terms: &[Term]) -> u64 {
    let order = first_page()[0].order(terms);
    let bound: Vec<String> = question.binds.iter().map(|bind| format!("{bind:?}")).collect();
    let mut parts: Vec<&[u8]> =
        vec![tenant.as_str().as_bytes(), ask.view.as_bytes(), question.sql.as_bytes(), order.as_bytes()];
    parts.extend(bound.iter().map(String::as_bytes));
    Cursor::scope_of(&parts)
}

/// The values of all terms at the row where the page before ended.
fn start(from: &RowsFrom<'_>, ask: &Ask, cursor: &Cursor, scope: u64) -> Result<Vec<Value>, RowError> {
    if cursor.scope != scope || cursor.values.len() != ask.sort.len() {
        return Err(RowError::WrongCursor);
    }
    let tie = (from.tie)(from.spec, &cursor.key).ok_or(RowError::WrongCursor)?;
    Ok(cursor.values.iter().cloned().chain(tie).collect())
}

fn sort_values(spec: &TableSpec, ask: &Ask, row: &StoredRow) -> Vec<Value> {
    ask.sort
        .iter()
        .filter_map(|(name, _)| spec.column(name))
        .filter_map(|(place, _)| row.values.get(place).cloned())
        .collect()
}

fn read_segment(
    connection: &Connection,
    from: &RowsFrom<'_>,
    (question, segment, terms): (&Conditions<'_>, &Segment<'_>, &[Term]),
    wanted: usize,
    read: &impl Fn(&Row<'_>) -> rusqlite::Result<StoredRow>,
    rows: &mut Vec<StoredRow>,
) -> rusqlite::Result<()> {
    let sql = select(from.relation, question, segment, terms);
    let limit = Bind::Int(i64::try_from(wanted).unwrap_or(i64::MAX));
    let binds = question.binds.iter().chain(&segment.conditions.binds).chain([&limit]);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(binds))?;
    while let Some(row) = found.next()? {
        rows.push(read(row)?);
    }
    Ok(())
}

fn select(relation: &Relation, question: &Conditions<'_>, segment: &Segment<'_>, terms: &[Term]) -> String {
    let beyond = &segment.conditions.sql;
    let between = if beyond.is_empty() { "" } else { " AND " };
    format!(
        "SELECT {} FROM {} WHERE {}{between}{beyond} ORDER BY {} LIMIT ?",
        relation.columns,
        relation.from,
        question.sql,
        segment.order(terms),
    )
}

#[cfg(test)]
#[path = "page_plans.rs"]
mod plans;
