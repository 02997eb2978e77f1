//! The tables that the suite works with.

use std::borrow::Cow;

use watershed_core::ports::GroupSpec;
use watershed_core::{ColumnKind, ColumnSpec, Direction, IndexSpec, TableSpec, Value};

/// The view that most checks ask.
pub(super) const THINGS: &str = "things";
/// The view with a key of two columns.
pub(super) const EXTRAS: &str = "extras";
/// The places of the two in their group.
pub(super) const THINGS_TABLE: usize = 0;
pub(super) const EXTRAS_TABLE: usize = 1;

/// The columns of [`THINGS`] that may be filtered and sorted by, beside the key.
pub(super) const DECLARED: [&str; 6] = ["flag", "number", "ratio", "amount", "word", "at"];

/// A column that may be empty, and that readers cannot ask about.
pub(super) fn column(name: &'static str, kind: ColumnKind) -> ColumnSpec {
    ColumnSpec {
        name: name.into(),
        kind,
        optional: true,
        key: false,
        indexed: false,
        searched: false,
        internal: false,
    }
}

pub(super) fn key_column(name: &'static str, kind: ColumnKind) -> ColumnSpec {
    ColumnSpec { key: true, optional: false, ..column(name, kind) }
}

pub(super) fn indexed(name: &'static str, kind: ColumnKind) -> ColumnSpec {
    ColumnSpec { indexed: true, ..column(name, kind) }
}

fn searched(column: ColumnSpec) -> ColumnSpec {
    ColumnSpec { searched: true, ..column }
}

fn internal(column: ColumnSpec) -> ColumnSpec {
    ColumnSpec { internal: true, ..column }
}

/// A column of every kind, and of every way to be declared or not.
pub(super) fn things() -> TableSpec {
    table(
        THINGS,
        vec![
            key_column("id", ColumnKind::Text),
            indexed("flag", ColumnKind::Bool),
            indexed("number", ColumnKind::Int),
            indexed("ratio", ColumnKind::Real),
            indexed("amount", ColumnKind::Decimal),
            searched(indexed("word", ColumnKind::Text)),
            indexed("at", ColumnKind::Timestamp),
            searched(column("nested", ColumnKind::Json)),
            internal(column("secret", ColumnKind::Int)),
            internal(indexed("secret_index", ColumnKind::Int)),
            column("note", ColumnKind::Text),
            searched(column("memo", ColumnKind::Text)),
        ],
        vec![IndexSpec {
            columns: Cow::Borrowed(&[("number", Direction::Descending), ("word", Direction::Ascending)]),
        }],
    )
}

/// A key of two columns.
pub(super) fn extras() -> TableSpec {
    table(
        EXTRAS,
        vec![
            key_column("place", ColumnKind::Text),
            key_column("year", ColumnKind::Int),
            indexed("number", ColumnKind::Int),
        ],
        Vec::new(),
    )
}

pub(super) fn table(name: &'static str, columns: Vec<ColumnSpec>, indexes: Vec<IndexSpec>) -> TableSpec {
    TableSpec { name: name.into(), columns: columns.into(), indexes: indexes.into() }
}

pub(super) fn group(name: &str, version: &str, tables: Vec<TableSpec>) -> GroupSpec {
    GroupSpec { name: name.into(), edition: 1, version: version.into(), tables, journal: Vec::new() }
}

/// The group that most checks open.
pub(super) fn things_group() -> GroupSpec {
    group(THINGS, "1", vec![things(), extras()])
}

/// The same, with a journal of the first table.
pub(super) fn things_journaled() -> GroupSpec {
    GroupSpec { journal: vec![THINGS_TABLE], ..things_group() }
}

/// The contents of a row of [`things`]: empty but for the key and what is given.
pub(super) fn contents(table: &TableSpec, key: &str, given: &[(&str, Value)]) -> Vec<Value> {
    let mut values = vec![Value::Null; table.columns.len()];
    values[0] = Value::Text(key.into());
    for (name, value) in given {
        if let Some((place, _)) = table.column(name) {
            values[place] = value.clone();
        }
    }
    values
}
