//! A reader's question for a page.

use watershed_core::ports::{RowError, StoredRow};
use watershed_core::{Ask, Cursor, Direction, Tenant, Value};

use super::page::{first_page, order, segments_after};
use super::{Allowed, Bind, Conditions, RowsFrom, Segment, Term};

/// A page that is asked for: what its rows fulfil, in which order, and after which row.
#[derive(Debug)]
pub struct Question<'q> {
    from: RowsFrom<'q>,
    ask: &'q Ask,
    terms: Vec<Term>,
    conditions: Conditions<'q>,
    scope: u64,
    start: Option<Vec<Value>>,
}

impl<'q> Question<'q> {
    /// The question, its parameters numbered from `first`.
    ///
    /// # Errors
    /// [`RowError::NoSuchColumn`], [`RowError::WrongCursor`].
    pub fn new(from: RowsFrom<'q>, tenant: &'q Tenant, ask: &'q Ask, first: usize) -> Result<Self, RowError> {
        let terms = terms(&from, ask)?;
        let conditions = conditions(&from, tenant, ask, first)?;
        let scope = scope(&from, tenant, ask, &conditions, &terms);
        let start = ask.after.as_ref().map(|cursor| start(&from, ask, cursor, scope)).transpose()?;
        Ok(Self { from, ask, terms, conditions, scope, start })
    }

    /// What all of its rows fulfil.
    #[must_use]
    pub fn conditions(&self) -> &Conditions<'q> {
        &self.conditions
    }

    /// The runs of rows that the page is made of, in their order. Parameters are numbered on from [`Question::conditions`].
    #[must_use]
    pub fn segments(&self) -> Vec<Segment<'_>> {
        let (dialect, first) = (self.from.relation.dialect, self.conditions.next());
        match &self.start {
            None => first_page(dialect, first),
            Some(values) => segments_after(dialect, first, &self.terms, values),
        }
    }

    /// How many rows to read: one more than the page holds, to know whether there is another page.
    #[must_use]
    pub fn wanted(&self) -> usize {
        self.limit() + 1
    }

    fn limit(&self) -> usize {
        self.ask.limit.clamp(1, Ask::MAX_LIMIT) as usize
    }

    /// The order of all rows, as it stands after `ORDER BY`.
    #[must_use]
    pub fn order(&self) -> String {
        order(self.from.relation.dialect, &self.terms)
    }

    /// The statement for a segment's rows, up to its limit, which is its last parameter.
    #[must_use]
    pub fn select(&self, segment: &Segment<'_>) -> String {
        let relation = self.from.relation;
        let beyond = &segment.conditions.sql;
        let between = if beyond.is_empty() { "" } else { " AND " };
        format!(
            "SELECT {} FROM {} WHERE {}{between}{beyond} ORDER BY {} LIMIT ?",
            relation.columns,
            relation.from,
            self.conditions.sql,
            segment.order(relation.dialect, &self.terms),
        )
    }

    /// The page that these rows make, and where the next one starts.
    #[must_use]
    pub fn page(&self, mut rows: Vec<StoredRow>) -> (Vec<StoredRow>, Option<Cursor>) {
        let more = rows.len() > self.limit();
        rows.truncate(self.limit());
        let next = rows.last().filter(|_| more).map(|last| Cursor {
            scope: self.scope,
            values: self.sort_values(last),
            key: last.key.key.as_str().to_owned(),
        });
        (rows, next)
    }

    fn sort_values(&self, row: &StoredRow) -> Vec<Value> {
        self.ask
            .sort
            .iter()
            .filter_map(|(name, _)| self.from.spec.column(name))
            .filter_map(|(place, _)| row.values.get(place).cloned())
            .collect()
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

/// The conditions that every row of the answer fulfils.
fn conditions<'q>(
    from: &RowsFrom<'_>,
    tenant: &'q Tenant,
    ask: &'q Ask,
    first: usize,
) -> Result<Conditions<'q>, RowError> {
    let mut conditions = Conditions::new(from.relation.dialect, first);
    conditions.compare("tenant", " = ", Bind::Text(tenant.as_str()));
    if let Some(shown) = from.relation.shown {
        conditions.and().text(shown);
    }
    conditions.and().predicate(from.columns(Allowed::Declared), &ask.filter, true)?;
    Ok(conditions)
}

/// What a cursor is good for: this tenant's question in this order.
fn scope(from: &RowsFrom<'_>, tenant: &Tenant, ask: &Ask, question: &Conditions<'_>, terms: &[Term]) -> u64 {
    let order = order(from.relation.dialect, terms);
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
