//! How PostgreSQL wants statements written.

use watershed_core::{ColumnKind, ColumnSpec, Direction};
use watershed_store::rows::Dialect;

use crate::rows::names::name;
use crate::rows::value::type_of;

pub(crate) const POSTGRES: &Dialect =
    &Dialect { quoted: name, numbered: true, term, contains, lists: true, holds_nul: false, way };

/// What a view's statement gives may be of any type that can be made one of ours.
fn term(column: &ColumnSpec, computed: bool) -> String {
    let name = name(&column.name);
    match (column.kind, computed) {
        (_, false) => name,
        (ColumnKind::Text, true) => format!("{name}::text COLLATE \"C\""),
        (kind, true) => format!("{name}::{}", type_of(kind)),
    }
}

/// Under this collation only ASCII letters have a lower case.
fn contains(column: &ColumnSpec, part: &str) -> String {
    let text = format!("{}::text COLLATE \"C\"", name(&column.name));
    format!("strpos(lower({text}), lower({part}::text COLLATE \"C\")) > 0")
}

/// Keys are never empty, and say nothing of where empty ones would come: so do their indexes.
fn way(direction: Direction, optional: bool) -> &'static str {
    match (direction, optional) {
        (Direction::Ascending, true) => " NULLS FIRST",
        (Direction::Descending, true) => " DESC NULLS LAST",
        (Direction::Ascending, false) => "",
        (Direction::Descending, false) => " DESC",
    }
}
