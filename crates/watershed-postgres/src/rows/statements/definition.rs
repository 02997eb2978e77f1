//! Tables, their indexes and the views over them, from their specs.
//!
//! PostgreSQL's indexes take some 2,700 bytes. So a row's primary key is a hash of its tenant and key; and a row with texts that
//! are longer than that says so in `_long`, and stands in none of the indexes that pages are read from: it is found by an index
//! over such rows alone, and sorted into its page.

use watershed_core::{ColumnKind, ColumnSpec, Direction, TableSpec};
use watershed_store::rows::KeyColumn;

use super::dialect::POSTGRES;
use super::table::key_name;
use crate::connection::quoted;
use crate::rows::names::name;
use crate::rows::value::type_of;

/// The statement that makes a table of that spec under that name. It has no index yet, not even that of its primary key.
pub(crate) fn create_table(spec: &TableSpec, table: &str) -> String {
    let text = "text COLLATE \"C\"";
    let mut columns = vec!["_id uuid NOT NULL".to_owned(), format!("tenant {text} NOT NULL")];
    columns.extend(spec.columns.iter().map(|column| {
        let kind = if column.kind == ColumnKind::Text { text } else { type_of(column.kind) };
        format!("{} {kind}", name(&column.name))
    }));
    if KeyColumn::of(spec) == KeyColumn::Own {
        columns.push(format!("_key {text} NOT NULL"));
    }
    columns.extend(
        ["_position bigint", "_revision bigint", "_shown boolean", "_long boolean"]
            .map(|column| format!("{column} NOT NULL")),
    );
    // Some room on each page: a row that is changed stays on its own, and its indexes as they are.
    format!("CREATE TABLE {} (\n    {}\n) WITH (fillfactor = 90)", quoted(table), columns.join(",\n    "))
}

/// The statements that make the indexes of such a table, that of its primary key first.
pub(crate) fn create_indexes(spec: &TableSpec, table: &str) -> Vec<String> {
    let key = key_name(KeyColumn::of(spec), spec);
    let on = quoted(table);
    let mut statements = vec![
        format!("ALTER TABLE {on} ADD PRIMARY KEY (_id)"),
        format!("CREATE INDEX ON {on} (tenant, {key}) WHERE NOT _long"),
        format!("CREATE INDEX ON {on} (_id) WHERE _long"),
    ];
    statements.extend(indexed(spec).into_iter().map(|columns| {
        // Rows that are equal in all columns follow the last one's direction, as the pages of them do.
        let last = columns.last().map_or(Direction::Ascending, |(_, direction)| *direction);
        let terms: Vec<String> = columns.into_iter().map(term).collect();
        let way = (POSTGRES.way)(last, false);
        format!("CREATE INDEX ON {on} (tenant, {}, {key}{way}) WHERE NOT _long", terms.join(", "))
    }));
    statements
}

/// The columns of each index beside the key's.
fn indexed(spec: &TableSpec) -> Vec<Vec<(&ColumnSpec, Direction)>> {
    let key = KeyColumn::of(spec).place();
    let single = spec
        .columns
        .iter()
        .enumerate()
        .filter(|(place, column)| column.indexed && Some(*place) != key && column.kind != ColumnKind::Json)
        .map(|(_, column)| vec![(column, Direction::Ascending)]);
    let declared = spec.indexes.iter().map(|index| {
        index
            .columns
            .iter()
            .filter_map(|(name, direction)| spec.column(name).map(|(_, column)| (column, *direction)))
            .filter(|(column, _)| column.kind != ColumnKind::Json)
            .collect::<Vec<_>>()
    });
    // One over a single indexed column would be that column's own once more: rows are read from it either way.
    let declared = declared
        .filter(|columns| !columns.is_empty() && !matches!(columns[..], [(column, _)] if column.indexed));
    single.chain(declared).collect()
}

/// The places of the texts that stand in an index.
pub(super) fn indexed_texts(spec: &TableSpec) -> Vec<usize> {
    let indexed = indexed(spec);
    let is_in = |name: &str| indexed.iter().flatten().any(|(column, _)| column.name == name);
    let places = spec.columns.iter().enumerate();
    places
        .filter(|(_, column)| column.kind == ColumnKind::Text && is_in(&column.name))
        .map(|(place, _)| place)
        .collect()
}

fn term((column, direction): (&ColumnSpec, Direction)) -> String {
    format!("{}{}", name(&column.name), (POSTGRES.way)(direction, true))
}

/// The statement that makes a view over a table, for people and their tools: what readers see, without what is ours alone.
pub(crate) fn create_view(columns: &[String], view: &str, table: &str) -> String {
    let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
    format!(
        "CREATE OR REPLACE VIEW {} AS SELECT {} FROM {} WHERE _shown",
        quoted(view),
        columns.join(", "),
        quoted(table)
    )
}

/// A hash of the tables' definitions: where it changes, the tables are made again, also when somebody forgot to raise a
/// version.
pub(crate) fn layout(tables: &[TableSpec]) -> i64 {
    let mut hasher = blake3::Hasher::new();
    for spec in tables {
        hasher.update(create_table(spec, &spec.name).as_bytes());
        for index in create_indexes(spec, &spec.name) {
            hasher.update(index.as_bytes());
        }
    }
    let mut layout = [0; 8];
    hasher.finalize_xof().fill(&mut layout);
    i64::from_be_bytes(layout)
}
