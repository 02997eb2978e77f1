//! Conditions on rows, from predicates.

use std::borrow::Cow;

use watershed_core::ports::RowError;
use watershed_core::read::Comparison;
use watershed_core::{ColumnKind, ColumnSpec, Direction, Predicate, TableSpec, Value};

use super::definition::{AS_DECIMAL, collation};
use super::{Term, quoted};
use crate::rows::value::Bind;

/// Which columns a question may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Those that are declared for readers.
    Declared,
    /// All that can be compared: for folds.
    Stored,
}

/// The columns of a table or a view that a question may name, and how they are compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Columns<'s> {
    pub(crate) spec: &'s TableSpec,
    pub(crate) allowed: Allowed,
    /// Whether decimals may be numbers of SQLite's own, as a view's `SELECT` makes them.
    pub(crate) computed: bool,
}

impl Columns<'_> {
    /// The column of that name as it is compared, where it may be filtered and sorted by.
    pub(crate) fn compared(&self, name: &str) -> Result<String, RowError> {
        self.spec
            .column(name)
            .map(|(_, column)| column)
            .filter(|column| column.kind != ColumnKind::Json)
            .filter(|column| self.allowed == Allowed::Stored || column.is_declared())
            .map(|column| self.term(column))
            .ok_or_else(|| RowError::NoSuchColumn(name.to_owned()))
    }

    /// The column as it is compared.
    pub(crate) fn term(&self, column: &ColumnSpec) -> String {
        let name = quoted(&column.name);
        match (column.kind, self.computed) {
            (ColumnKind::Decimal, true) => format!("CAST({name} AS TEXT){AS_DECIMAL}"),
            (kind, _) => format!("{name}{}", collation(kind)),
        }
    }

    /// The column of that name, where its text may be searched.
    fn searched(&self, name: &str) -> Result<String, RowError> {
        self.spec
            .column(name)
            .map(|(_, column)| column)
            .filter(|column| matches!(column.kind, ColumnKind::Text | ColumnKind::Json))
            .filter(|column| self.allowed == Allowed::Stored || (column.searched && !column.internal))
            .map(|column| quoted(&column.name))
            .ok_or_else(|| RowError::NoSuchColumn(name.to_owned()))
    }

    /// The terms that a page is sorted by.
    pub(crate) fn sorted(&self, sort: &[(Cow<'static, str>, Direction)]) -> Result<Vec<Term>, RowError> {
        sort.iter()
            .map(|(name, direction)| {
                Ok(Term { column: self.compared(name)?, direction: *direction, optional: true })
            })
            .collect()
    }
}

/// A statement's text after `WHERE`, and what its parameters are bound to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions<'q> {
    pub(crate) sql: String,
    pub(crate) binds: Vec<Bind<'q>>,
}

impl<'q> Conditions<'q> {
    /// Adds `AND` where something stands before.
    pub(crate) fn and(&mut self) -> &mut Self {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self
    }

    /// Adds text without parameters.
    pub(crate) fn text(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a parameter.
    pub(crate) fn bind(&mut self, bind: Bind<'q>) -> &mut Self {
        self.sql.push('?');
        self.binds.push(bind);
        self
    }

    /// Adds a comparison of a text with a parameter.
    pub(crate) fn compare(&mut self, left: &str, operator: &str, right: Bind<'q>) -> &mut Self {
        self.text(left).text(operator).bind(right)
    }

    /// Adds the predicate, or what is true where it is not.
    ///
    /// A predicate is true or false, never unknown: an empty column compares as false, and what is not so is true. So
    /// `NOT` is carried down to the comparisons, where an unknown can be told from a false.
    pub(crate) fn predicate(
        &mut self,
        columns: Columns<'_>,
        predicate: &'q Predicate,
        holds: bool,
    ) -> Result<(), RowError> {
        match predicate {
            Predicate::All => {
                self.text(if holds { "1" } else { "0" });
            }
            Predicate::Not(inner) => self.predicate(columns, inner, !holds)?,
            Predicate::And(left, right) => {
                self.both(columns, (left, right), if holds { " AND " } else { " OR " }, holds)?;
            }
            Predicate::Or(left, right) => {
                self.both(columns, (left, right), if holds { " OR " } else { " AND " }, holds)?;
            }
            Predicate::IsNull { column } => {
                let term = columns.compared(column)?;
                self.text(&term).text(if holds { " IS NULL" } else { " IS NOT NULL" });
            }
            comparison => {
                self.text("(");
                self.comparison(columns, comparison)?;
                self.text(if holds { ")" } else { ") IS NOT TRUE" });
            }
        }
        Ok(())
    }

    fn both(
        &mut self,
        columns: Columns<'_>,
        (left, right): (&'q Predicate, &'q Predicate),
        between: &str,
        holds: bool,
    ) -> Result<(), RowError> {
        self.text("(");
        self.predicate(columns, left, holds)?;
        self.text(between);
        self.predicate(columns, right, holds)?;
        self.text(")");
        Ok(())
    }

    fn comparison(&mut self, columns: Columns<'_>, predicate: &'q Predicate) -> Result<(), RowError> {
        match predicate {
            Predicate::Compare { column, comparison, value } => {
                let term = columns.compared(column)?;
                self.compare(&term, operator(*comparison), Bind::Value(value));
            }
            Predicate::AnyOf { column, values } => {
                let term = columns.compared(column)?;
                self.any_of(&term, values);
            }
            Predicate::Contains { column, part } => {
                let column = columns.searched(column)?;
                self.text("instr(lower(")
                    .text(&column)
                    .text("), lower(")
                    .bind(Bind::Text(part))
                    .text(")) > 0");
            }
            // invariant: `predicate` hands only the three above to this function
            Predicate::All
            | Predicate::IsNull { .. }
            | Predicate::And(..)
            | Predicate::Or(..)
            | Predicate::Not(_) => {}
        }
        Ok(())
    }

    fn any_of(&mut self, term: &str, values: &'q [Value]) {
        self.text(term).text(" IN (");
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                self.text(", ");
            }
            self.bind(Bind::Value(value));
        }
        self.text(")");
        if values.contains(&Value::Null) {
            self.text(" OR ").text(term).text(" IS NULL");
        }
    }
}

fn operator(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => " = ",
        Comparison::Less => " < ",
        Comparison::LessOrEqual => " <= ",
        Comparison::Greater => " > ",
        Comparison::GreaterOrEqual => " >= ",
    }
}
