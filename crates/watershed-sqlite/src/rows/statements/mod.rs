//! Statements that are generated from a table's spec. Names are quoted and values always bound: nothing that a caller
//! wrote becomes part of a statement's text.

mod definition;
mod dialect;
mod puts;
mod table;

pub(crate) use definition::{create_indexes, create_table};
pub(crate) use dialect::SQLITE;
pub(crate) use puts::{AfterLook, Puts, insert_into};
pub(crate) use table::{LOOK_UP_HEAD, TableSql};

/// The name in the form that a statement takes it in, whatever letters it holds.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
