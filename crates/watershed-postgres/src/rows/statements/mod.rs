//! Statements that are generated from a table's spec. Names are quoted and values always bound: nothing that a caller
//! wrote becomes part of a statement's text.

mod definition;
mod dialect;
mod page;
#[cfg(test)]
mod plans;
mod scan;
mod table;
mod view;

pub(crate) use definition::{create_indexes, create_table, create_view, layout};
pub(crate) use dialect::POSTGRES;
pub(crate) use page::{BEFORE as PAGE_BEFORE, page};
pub(crate) use scan::scan;
pub(crate) use table::{LOOK_UP_HEAD, TableSql};
pub(crate) use view::SqlView;
