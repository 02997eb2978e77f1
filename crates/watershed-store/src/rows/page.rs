//! Pages: the order of the rows, and what comes after a given one.
//!
//! What comes after a row is asked for in segments, each a run of rows that an index holds together: first those that
//! equal the row in all columns but the last, then in all but the last two, and so on. So a page costs what it holds,
//! however deep it lies and however many rows are equal in the columns that it is sorted by.

use watershed_core::{Direction, TableSpec, Value};

use super::{Allowed, Bind, Columns, Conditions, Dialect};

/// What rows are read from: a table, or a view's `SELECT`.
#[derive(Debug)]
pub struct Relation {
    /// What stands after `FROM`.
    pub from: String,
    /// The columns that make a row.
    pub columns: String,
    /// What holds of the rows that readers see, where there are others.
    pub shown: Option<&'static str>,
    /// Whether contents may have been computed by a view's statement.
    pub computed: bool,
    /// What tells rows apart that are equal in what they are sorted by.
    pub tie: Vec<String>,
    /// Whose statements it is named in.
    pub dialect: &'static Dialect,
}

/// What rows are read from: a table, or a view.
#[derive(Debug, Clone, Copy)]
pub struct RowsFrom<'a> {
    /// Where they stand.
    pub relation: &'a Relation,
    /// What they are.
    pub spec: &'a TableSpec,
    /// The values of the columns that break ties, from a key; none where the text is no key.
    pub tie: fn(&TableSpec, &str) -> Option<Vec<Value>>,
}

impl<'a> RowsFrom<'a> {
    /// The columns that a question about them may name.
    #[must_use]
    pub fn columns(&self, allowed: Allowed) -> Columns<'a> {
        Columns { spec: self.spec, allowed, computed: self.relation.computed, dialect: self.relation.dialect }
    }
}

/// One column that rows are sorted by.
#[derive(Debug, Clone)]
pub struct Term {
    /// The column, as it is compared.
    pub column: String,
    /// Which way.
    pub direction: Direction,
    /// Whether it may be empty. Keys never are.
    pub optional: bool,
}

/// A run of rows.
#[derive(Debug, Clone)]
pub struct Segment<'q> {
    /// What its rows fulfil beside the question's conditions.
    pub conditions: Conditions<'q>,
    /// How many of the first terms are the same in all of its rows.
    fixed: usize,
}

/// The one run that all rows are in.
pub(super) fn first_page<'q>(dialect: &'static Dialect, first: usize) -> Vec<Segment<'q>> {
    vec![Segment { conditions: Conditions::new(dialect, first), fixed: 0 }]
}

/// The runs of what comes after the row with these values in these terms. Their parameters are numbered through, from `first`.
pub(super) fn segments_after<'q>(
    dialect: &'static Dialect,
    first: usize,
    terms: &[Term],
    values: &'q [Value],
) -> Vec<Segment<'q>> {
    let mut segments = Vec::with_capacity(terms.len() + 1);
    let mut next = first;
    for fixed in (0..terms.len().min(values.len())).rev() {
        let (term, value) = (&terms[fixed], &values[fixed]);
        for beyond in beyond(term, value) {
            let mut conditions = Conditions::new(dialect, next);
            for (term, value) in terms.iter().zip(values).take(fixed) {
                equal(conditions.and(), term, value);
            }
            conditions.and().text(&term.column).text(beyond.operator);
            if beyond.compares {
                conditions.bind(Bind::Value(value));
            }
            next = conditions.next();
            segments.push(Segment { conditions, fixed });
        }
    }
    segments
}

fn equal<'q>(conditions: &mut Conditions<'q>, term: &Term, value: &'q Value) {
    match value {
        Value::Null => conditions.text(&term.column).text(" IS NULL"),
        value => conditions.compare(&term.column, " = ", Bind::Value(value)),
    };
}

struct Beyond {
    operator: &'static str,
    compares: bool,
}

/// The runs of what lies beyond `value`: empty columns come first, and so last where the order is turned round.
fn beyond(term: &Term, value: &Value) -> Vec<Beyond> {
    let than = |operator| Beyond { operator, compares: true };
    let is = |operator| Beyond { operator, compares: false };
    match (term.direction, value) {
        (Direction::Ascending, Value::Null) => vec![is(" IS NOT NULL")],
        (Direction::Ascending, _) => vec![than(" > ")],
        (Direction::Descending, Value::Null) => vec![],
        (Direction::Descending, _) if term.optional => vec![than(" < "), is(" IS NULL")],
        (Direction::Descending, _) => vec![than(" < ")],
    }
}

impl Segment<'_> {
    /// The segment's order: what is the same in all of its rows does not count.
    pub(super) fn order(&self, dialect: &Dialect, terms: &[Term]) -> String {
        order(dialect, &terms[self.fixed.min(terms.len())..])
    }
}

/// The order by these terms, as it stands after `ORDER BY`.
pub(super) fn order(dialect: &Dialect, terms: &[Term]) -> String {
    let terms: Vec<String> = terms
        .iter()
        .map(|term| format!("{}{}", term.column, (dialect.way)(term.direction, term.optional)))
        .collect();
    terms.join(", ")
}
