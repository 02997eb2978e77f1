//! Conditions on rows, from predicates.

use std::borrow::Cow;

use watershed_core::ports::RowError;
use watershed_core::read::Comparison;
use watershed_core::{ColumnKind, ColumnSpec, Direction, Predicate, TableSpec, Value};

use super::{Bind, Dialect, Term};

/// Which columns a question may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// Those that are declared for readers.
    Declared,
    /// All that can be compared: for folds.
    Stored,
}

/// The columns of a table or a view that a question may name, and how they are compared.
#[derive(Debug, Clone, Copy)]
pub struct Columns<'s> {
    /// The table, or the view.
    pub spec: &'s TableSpec,
    /// Which may be named.
    pub allowed: Allowed,
    /// Whether contents may have been computed by a view's statement.
    pub computed: bool,
    /// Whose statements they are named in.
    pub dialect: &'static Dialect,
}

impl Columns<'_> {
    /// The column of that name as it is compared, where it may be filtered and sorted by.
    fn compared(&self, name: &str) -> Result<String, RowError> {
        self.spec
            .column(name)
            .map(|(_, column)| column)
            .filter(|column| column.kind != ColumnKind::Json)
            .filter(|column| self.allowed == Allowed::Stored || column.is_declared())
            .map(|column| self.term(column))
            .ok_or_else(|| RowError::NoSuchColumn(name.to_owned()))
    }

    /// The column as it is compared.
    #[must_use]
    pub fn term(&self, column: &ColumnSpec) -> String {
        (self.dialect.term)(column, self.computed)
    }

    /// The column of that name, where its text may be searched.
    fn searched(&self, name: &str) -> Result<&ColumnSpec, RowError> {
        self.spec
            .column(name)
            .map(|(_, column)| column)
            .filter(|column| matches!(column.kind, ColumnKind::Text | ColumnKind::Json))
            .filter(|column| self.allowed == Allowed::Stored || (column.searched && !column.internal))
            .ok_or_else(|| RowError::NoSuchColumn(name.to_owned()))
    }

    /// The terms that a page is sorted by.
    pub(super) fn sorted(&self, sort: &[(Cow<'static, str>, Direction)]) -> Result<Vec<Term>, RowError> {
        sort.iter()
            .map(|(name, direction)| {
                Ok(Term { column: self.compared(name)?, direction: *direction, optional: true })
            })
            .collect()
    }
}

/// A statement's text after `WHERE`, and what its parameters are bound to.
#[derive(Debug, Clone)]
pub struct Conditions<'q> {
    /// The text.
    pub sql: String,
    /// What its parameters are bound to, in their order.
    pub binds: Vec<Bind<'q>>,
    dialect: &'static Dialect,
    /// The number of the first parameter.
    first: usize,
}

impl<'q> Conditions<'q> {
    /// None yet. The first parameter has that number, where parameters bear numbers.
    #[must_use]
    pub fn new(dialect: &'static Dialect, first: usize) -> Self {
        Self { sql: String::new(), binds: Vec::new(), dialect, first }
    }

    /// The number that the next parameter has.
    #[must_use]
    pub fn next(&self) -> usize {
        self.first + self.binds.len()
    }

    /// Adds `AND` where something stands before.
    pub fn and(&mut self) -> &mut Self {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self
    }

    /// Adds text without parameters.
    pub fn text(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Adds a parameter.
    pub fn bind(&mut self, bind: Bind<'q>) -> &mut Self {
        let parameter = self.parameter(bind);
        self.text(&parameter)
    }

    /// A parameter that is yet to be added to the text.
    fn parameter(&mut self, bind: Bind<'q>) -> Cow<'static, str> {
        let number = self.next();
        self.binds.push(bind);
        if self.dialect.numbered { format!("${number}").into() } else { "?".into() }
    }

    /// Adds a comparison with a parameter.
    pub fn compare(&mut self, left: &str, operator: &str, right: Bind<'q>) -> &mut Self {
        self.text(left).text(operator).bind(right)
    }

    /// Adds the predicate, or what is true where it is not.
    ///
    /// A predicate is true or false, never unknown: an empty column compares as false, and what is not so is true. So
    /// `NOT` is carried down to the comparisons, where an unknown can be told from a false.
    ///
    /// # Errors
    /// [`RowError::NoSuchColumn`].
    pub fn predicate(
        &mut self,
        columns: Columns<'_>,
        predicate: &'q Predicate,
        holds: bool,
    ) -> Result<(), RowError> {
        match predicate {
            Predicate::All => {
                self.text(if holds { "TRUE" } else { "FALSE" });
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
                match value {
                    Value::Text(text) if !self.dialect.holds_nul && text.contains('\0') => {
                        self.compare_with_nul(&term, *comparison, text);
                    }
                    value => {
                        self.compare(&term, operator(*comparison), Bind::Value(value));
                    }
                }
            }
            Predicate::AnyOf { column, values } => {
                let term = columns.compared(column)?;
                self.any_of(&term, values);
            }
            Predicate::Contains { column, part } => {
                let column = columns.searched(column)?;
                if !self.dialect.holds_nul && part.contains('\0') {
                    self.text("FALSE");
                } else {
                    let parameter = self.parameter(Bind::Text(part));
                    let contains = (self.dialect.contains)(column, &parameter);
                    self.text(&contains);
                }
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

    /// No text that is stored holds NUL: what is below this one is at most what stands before its first NUL, and everything
    /// else is above.
    fn compare_with_nul(&mut self, term: &str, comparison: Comparison, text: &'q str) {
        let before = text.split('\0').next().unwrap_or_default();
        match comparison {
            Comparison::Equal => self.text("FALSE"),
            Comparison::Less | Comparison::LessOrEqual => self.compare(term, " <= ", Bind::Text(before)),
            Comparison::Greater | Comparison::GreaterOrEqual => self.compare(term, " > ", Bind::Text(before)),
        };
    }

    fn any_of(&mut self, term: &str, values: &'q [Value]) {
        if self.dialect.lists {
            self.text(term).text(" = ANY(").bind(Bind::Values(values)).text(")");
        } else {
            self.text(term).text(" IN (");
            for (place, value) in values.iter().enumerate() {
                if place > 0 {
                    self.text(", ");
                }
                self.bind(Bind::Value(value));
            }
            self.text(")");
        }
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
