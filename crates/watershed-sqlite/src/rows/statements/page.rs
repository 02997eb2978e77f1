//! Pages: the order of the rows, and what comes after a given one.
//!
//! What comes after a row is asked for in segments, each a run of rows that an index holds together: first those that
//! equal the row in all columns but the last, then in all but the last two, and so on. So a page costs what it holds,
//! however deep it lies and however many rows are equal in the columns that it is sorted by.

use watershed_core::{Direction, Value};

use super::conditions::Conditions;
use super::definition::way;
use crate::rows::value::Bind;

/// What rows are read from: a table, or a view's `SELECT`.
#[derive(Debug)]
pub(crate) struct Relation {
    /// What stands after `FROM`.
    pub(crate) from: String,
    /// The columns that make a row.
    pub(crate) columns: String,
    /// Whether rows may be hidden from readers.
    pub(crate) hides: bool,
    /// Whether decimals may be numbers of SQLite's own.
    pub(crate) computed: bool,
    /// What tells rows apart that are equal in what they are sorted by.
    pub(crate) tie: Vec<String>,
}

/// One column that rows are sorted by.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    /// The column, with its collation.
    pub(crate) column: String,
    /// Which way.
    pub(crate) direction: Direction,
    /// Whether it may be empty. Keys never are.
    pub(crate) optional: bool,
}

/// A run of rows.
#[derive(Debug, Clone)]
pub(crate) struct Segment<'q> {
    /// What its rows fulfil beside the question's conditions.
    pub(crate) conditions: Conditions<'q>,
    /// How many of the first terms are the same in all of its rows.
    fixed: usize,
}

/// The one run that all rows are in.
pub(crate) fn first_page<'q>() -> Vec<Segment<'q>> {
    vec![Segment { conditions: Conditions::default(), fixed: 0 }]
}

/// The runs of what comes after the row with these values in these terms.
pub(crate) fn segments_after<'q>(terms: &[Term], values: &'q [Value]) -> Vec<Segment<'q>> {
    let mut segments = Vec::with_capacity(terms.len() + 1);
    for fixed in (0..terms.len().min(values.len())).rev() {
        let mut same = Conditions::default();
        for (term, value) in terms.iter().zip(values).take(fixed) {
            equal(same.and(), term, value);
        }
        let (term, value) = (&terms[fixed], &values[fixed]);
        for beyond in beyond(term, value) {
            let mut conditions = same.clone();
            conditions.and().text(&term.column).text(beyond.operator);
            if beyond.compares {
                conditions.bind(Bind::Value(value));
            }
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

/// The runs of what lies beyond `value`: SQLite sorts empty columns first, and so last where the order is turned round.
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
    pub(crate) fn order(&self, terms: &[Term]) -> String {
        let terms: Vec<String> = terms
            .iter()
            .skip(self.fixed)
            .map(|term| format!("{}{}", term.column, way(term.direction)))
            .collect();
        terms.join(", ")
    }
}
