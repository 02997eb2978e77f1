//! Tables and indexes from their specs.

use watershed_core::{ColumnKind, ColumnSpec, Direction, TableSpec};
use watershed_store::rows::KeyColumn;

use super::quoted;
use super::table::key_name;

/// How decimals are compared; see `connection.rs`.
pub(super) const AS_DECIMAL: &str = " COLLATE decimal";

/// The statement that makes a table of that spec under that name.
pub(crate) fn create_table(spec: &TableSpec, name: &str) -> String {
    let mut columns: Vec<String> = vec!["tenant TEXT NOT NULL".to_owned()];
    columns.extend(
        spec.columns.iter().map(|column| format!("{} {}", quoted(&column.name), storage(column.kind))),
    );
    if KeyColumn::of(spec) == KeyColumn::Own {
        columns.push("_key TEXT NOT NULL".to_owned());
    }
    columns.push("_position INTEGER NOT NULL".to_owned());
    columns.push("_revision INTEGER NOT NULL".to_owned());
    columns.push("_shown INTEGER NOT NULL".to_owned());
    format!("CREATE TABLE {} (\n    {}\n)", quoted(name), columns.join(",\n    "))
}

/// The statements that make the indexes of such a table, the one of the keys first.
pub(crate) fn create_indexes(spec: &TableSpec, name: &str) -> Vec<String> {
    let key = key_name(KeyColumn::of(spec), spec);
    let mut statements = vec![format!(
        "CREATE UNIQUE INDEX {} ON {} (tenant, {key})",
        quoted(&format!("{name}_key")),
        quoted(name),
    )];
    let key_place = KeyColumn::of(spec).place();
    let single = spec
        .columns
        .iter()
        .enumerate()
        .filter(|(place, column)| column.indexed && Some(*place) != key_place)
        .map(|(_, column)| vec![(column, Direction::Ascending)]);
    let declared = spec.indexes.iter().map(|index| {
        index
            .columns
            .iter()
            .filter_map(|(name, direction)| spec.column(name).map(|(_, column)| (column, *direction)))
            .collect::<Vec<_>>()
    });
    // One over a single indexed column would be that column's own once more: rows are read from it either way.
    let declared = declared.filter(|columns| !matches!(columns[..], [(column, _)] if column.indexed));
    for (number, columns) in single.chain(declared).enumerate() {
        // Rows that are equal in all columns follow the last one's direction, as the pages of them do.
        let last = columns.last().map_or(Direction::Ascending, |(_, direction)| *direction);
        let columns: Vec<String> = columns.into_iter().map(indexed).collect();
        statements.push(format!(
            "CREATE INDEX {} ON {} (tenant, {}, {key}{})",
            quoted(&format!("{name}_{}", number + 1)),
            quoted(name),
            columns.join(", "),
            way(last),
        ));
    }
    statements
}

fn indexed((column, direction): (&ColumnSpec, Direction)) -> String {
    format!("{}{}{}", quoted(&column.name), collation(column.kind), way(direction))
}

/// What makes a comparison of such a column one of numbers, where it is kept as text.
pub(super) fn collation(kind: ColumnKind) -> &'static str {
    if kind == ColumnKind::Decimal { AS_DECIMAL } else { "" }
}

pub(super) fn way(direction: Direction) -> &'static str {
    match direction {
        Direction::Ascending => "",
        Direction::Descending => " DESC",
    }
}

fn storage(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Bool | ColumnKind::Int | ColumnKind::Timestamp => "INTEGER",
        ColumnKind::Real => "REAL",
        ColumnKind::Decimal | ColumnKind::Text | ColumnKind::Json => "TEXT",
    }
}
