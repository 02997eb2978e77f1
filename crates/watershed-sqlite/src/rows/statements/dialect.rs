//! How SQLite wants statements written.

use watershed_core::{ColumnKind, ColumnSpec, Direction};
use watershed_store::rows::Dialect;

use super::definition::{AS_DECIMAL, collation, way};
use super::quoted;

pub(crate) const SQLITE: &Dialect = &Dialect {
    quoted,
    numbered: false,
    term,
    contains: |column, part| format!("instr(lower({}), lower({part})) > 0", quoted(&column.name)),
    lists: false,
    holds_nul: true,
    way: |direction: Direction, _| way(direction),
};

/// A view's decimals may be numbers of SQLite's own.
fn term(column: &ColumnSpec, computed: bool) -> String {
    let name = quoted(&column.name);
    match (column.kind, computed) {
        (ColumnKind::Decimal, true) => format!("CAST({name} AS TEXT){AS_DECIMAL}"),
        (kind, _) => format!("{name}{}", collation(kind)),
    }
}
