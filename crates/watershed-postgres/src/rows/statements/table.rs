//! The statements of one table, made once for each load.

use tokio_postgres::types::Type;
use watershed_core::ports::StoredRow;
use watershed_core::{ColumnKind, TableSpec, Value};
use watershed_store::rows::{KeyColumn, Relation};

use super::definition::indexed_texts;
use super::dialect::POSTGRES;
use crate::connection::quoted;
use crate::rows::names::name;
use crate::rows::value::type_of;

/// So many bytes of text, in all, stand in indexes: with numbers beside them they are still far from what an index takes.
const LONG: usize = 2_000;

/// The name of the column that holds a row's key, quoted.
pub(crate) fn key_name(key: KeyColumn, spec: &TableSpec) -> String {
    match key.place() {
        Some(place) => name(&spec.columns[place].name),
        None => "_key".to_owned(),
    }
}

/// A table and the statements that follow from its spec.
#[derive(Debug)]
pub(crate) struct TableSql {
    pub(crate) spec: TableSpec,
    pub(crate) key: KeyColumn,
    /// The table's own name, which is that of a load.
    pub(crate) table: String,
    /// Puts rows, each of whose columns is a list, in the order of [`TableSql::types`].
    pub(crate) upsert: String,
    /// Takes rows away. Parameter: their ids.
    pub(crate) delete: String,
    /// Rows by their ids, and whether the tables are still those of the load. Parameters: checkpoint, load, ids.
    pub(crate) by_ids: String,
    /// One shown row beside the checkpoint and the key's parking. Parameters: checkpoint, load, id, view.
    pub(crate) look_up: String,
    /// The first tenant after another that has rows. Parameter: that other one.
    pub(crate) first_tenant: String,
    /// Takes rows in bulk, in the order of [`TableSql::types`].
    pub(crate) copy: String,
    /// What pages and scans are read from.
    pub(crate) relation: Relation,
    /// The places of the texts that stand in an index.
    texts: Vec<usize>,
}

/// How many columns [`TableSql::look_up`] gives before those of the row.
pub(crate) const LOOK_UP_HEAD: usize = 3;

impl TableSql {
    pub(crate) fn new(spec: TableSpec, table: String) -> Self {
        let key = KeyColumn::of(&spec);
        let (from, key_name) = (quoted(&table), key_name(key, &spec));
        let list = |prefix: &str| -> String {
            let names = row_columns(&spec, key);
            let names: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
            names.join(", ")
        };
        let stored = stored_columns(&spec, key);
        Self {
            upsert: upsert(&spec, key, &from, &stored),
            delete: format!("DELETE FROM {from} WHERE _id = ANY($1)"),
            by_ids: format!(
                "SELECT t._id, {} FROM checkpoints c LEFT JOIN {from} t ON t._id = ANY($3) \
                 WHERE c.id = $1 AND c.generation = $2",
                list("t."),
            ),
            look_up: format!(
                "SELECT c.position, c.last_event_timestamp, p.key_id IS NOT NULL, {} \
                 FROM checkpoints c \
                 LEFT JOIN {from} t ON t._id = $3 AND t._shown \
                 LEFT JOIN parked p ON p.projection = c.id AND p.table_name = $4 AND p.key_id = $3 \
                 WHERE c.id = $1 AND c.generation = $2",
                list("t."),
            ),
            first_tenant: format!(
                "SELECT least((SELECT tenant FROM {from} WHERE NOT _long AND tenant > $1 ORDER BY tenant LIMIT 1), \
                 (SELECT min(tenant) FROM {from} WHERE _long AND tenant > $1))"
            ),
            copy: format!("COPY {from} ({}) FROM STDIN (FORMAT binary)", stored.join(", ")),
            relation: Relation {
                columns: list(""),
                from,
                shown: Some("_shown"),
                computed: false,
                tie: vec![key_name],
                dialect: POSTGRES,
            },
            texts: indexed_texts(&spec),
            key,
            spec,
            table,
        }
    }

    /// Whether the row's texts are too long for the indexes.
    pub(crate) fn is_long(&self, row: &StoredRow) -> bool {
        let texts = self.texts.iter().filter_map(|place| match row.values.get(*place) {
            Some(Value::Text(text)) => Some(text.len()),
            _ => None,
        });
        row.key.tenant.as_str().len() + row.key.key.as_str().len() + texts.sum::<usize>() > LONG
    }

    /// The types of all columns, in the order in which a row is written.
    pub(crate) fn types(&self) -> Vec<Type> {
        let mut types = vec![Type::UUID, Type::TEXT];
        types.extend(self.spec.columns.iter().map(|column| match column.kind {
            ColumnKind::Bool => Type::BOOL,
            ColumnKind::Int => Type::INT8,
            ColumnKind::Real => Type::FLOAT8,
            ColumnKind::Decimal => Type::NUMERIC,
            ColumnKind::Text => Type::TEXT,
            ColumnKind::Timestamp => Type::TIMESTAMPTZ,
            ColumnKind::Json => Type::JSON,
        }));
        if self.key == KeyColumn::Own {
            types.push(Type::TEXT);
        }
        types.extend([Type::INT8, Type::INT8, Type::BOOL, Type::BOOL]);
        types
    }
}

fn upsert(spec: &TableSpec, key: KeyColumn, from: &str, stored: &[String]) -> String {
    let mut types = vec!["uuid", "text"];
    types.extend(spec.columns.iter().map(|column| type_of(column.kind)));
    if key == KeyColumn::Own {
        types.push("text");
    }
    types.extend(["bigint", "bigint", "boolean", "boolean"]);
    let lists: Vec<String> =
        types.iter().zip(1..).map(|(kind, number): (_, usize)| format!("${number}::{kind}[]")).collect();
    let replaced: Vec<String> = stored
        .iter()
        .filter(|name| *name != "_id" && *name != "tenant")
        .map(|name| format!("{name} = excluded.{name}"))
        .collect();
    format!(
        "INSERT INTO {from} ({}) SELECT * FROM unnest({}) ON CONFLICT (_id) DO UPDATE SET {}",
        stored.join(", "),
        lists.join(", "),
        replaced.join(", "),
    )
}

/// All columns, in the order in which a row is written.
fn stored_columns(spec: &TableSpec, key: KeyColumn) -> Vec<String> {
    let mut names = vec!["_id".to_owned(), "tenant".to_owned()];
    names.extend(spec.columns.iter().map(|column| name(&column.name)));
    if key == KeyColumn::Own {
        names.push("_key".to_owned());
    }
    names.extend(["_position", "_revision", "_shown", "_long"].map(str::to_owned));
    names
}

/// The columns that make a row when it is read: what every row has, its contents, and the key where it has a column of its own.
fn row_columns(spec: &TableSpec, key: KeyColumn) -> Vec<String> {
    let mut names: Vec<String> = ["_position", "_revision", "_shown"].map(str::to_owned).into();
    names.extend(spec.columns.iter().map(|column| name(&column.name)));
    if key == KeyColumn::Own {
        names.push("_key".to_owned());
    }
    names
}
