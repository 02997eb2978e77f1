use watershed_core::{ColumnSpec, Direction, Value};

/// How a database wants its statements written.
#[derive(Debug)]
pub struct Dialect {
    /// A name as statements have it.
    pub quoted: fn(&str) -> String,
    /// Whether parameters bear numbers: `$1`, and not `?`.
    pub numbered: bool,
    /// A column as it is compared and sorted by. True where its content may have been computed by a view's statement.
    pub term: fn(&ColumnSpec, bool) -> String,
    /// Where the text of a column holds what a parameter says, whatever the case of ASCII letters.
    pub contains: fn(&ColumnSpec, &str) -> String,
    /// Whether a parameter can be a list of values, for `= ANY(..)`.
    pub lists: bool,
    /// Whether texts may hold NUL.
    pub holds_nul: bool,
    /// What stands behind a term in `ORDER BY`. True where the term may be empty: empty ones come before all others.
    pub way: fn(Direction, bool) -> &'static str,
}

/// Something that a statement's parameter is bound to.
#[derive(Debug, Clone, Copy)]
pub enum Bind<'a> {
    /// A column's content.
    Value(&'a Value),
    /// A list of a column's contents, where the dialect has lists.
    Values(&'a [Value]),
    /// A tenant or a key.
    Text(&'a str),
    /// A position, a number of rows, a truth value.
    Int(i64),
}
