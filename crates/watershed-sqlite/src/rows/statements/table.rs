//! The statements of one table, made once.

use watershed_core::TableSpec;
use watershed_store::rows::{KeyColumn, Relation};

use super::dialect::SQLITE;
use super::puts::Puts;
use super::quoted;

/// The name of the column that holds a row's key, quoted.
pub(crate) fn key_name(key: KeyColumn, spec: &TableSpec) -> String {
    match key.place() {
        Some(place) => quoted(&spec.columns[place].name),
        None => "_key".to_owned(),
    }
}

/// A table's spec and the statements that follow from it.
#[derive(Debug)]
pub(crate) struct TableSql {
    pub(crate) spec: TableSpec,
    pub(crate) key: KeyColumn,
    pub(crate) puts: Puts,
    /// Takes a row away. Parameters: tenant, key.
    pub(crate) delete: String,
    /// One row. Parameters: tenant, key.
    pub(crate) get: String,
    /// One shown row beside the checkpoint and the key's parking, in one snapshot.
    /// Parameters: tenant, key, table, projection, version, layout.
    pub(crate) look_up: String,
    /// The first tenant after another that has rows. Parameter: that other one.
    pub(crate) first_tenant: String,
    /// What pages and scans are read from.
    pub(crate) relation: Relation,
}

/// How many columns [`TableSql::look_up`] gives before those of the row.
pub(crate) const LOOK_UP_HEAD: usize = 3;

impl TableSql {
    pub(crate) fn new(spec: TableSpec) -> Self {
        let key = KeyColumn::of(&spec);
        let (table, key_name) = (quoted(&spec.name), key_name(key, &spec));
        let list = |prefix: &str| -> String {
            let names = row_columns(&spec, key);
            let names: Vec<String> = names.iter().map(|name| format!("{prefix}{name}")).collect();
            names.join(", ")
        };
        Self {
            puts: Puts::new(&spec, key),
            delete: format!("DELETE FROM {table} WHERE tenant = ?1 AND {key_name} = ?2"),
            get: format!("SELECT {} FROM {table} WHERE tenant = ?1 AND {key_name} = ?2", list("")),
            look_up: format!(
                "SELECT c.position, c.last_event_timestamp, p.since IS NOT NULL, {} \
                 FROM checkpoints c \
                 LEFT JOIN {table} t ON t.tenant = ?1 AND t.{key_name} = ?2 AND t._shown = 1 \
                 LEFT JOIN parked p ON p.table_name = ?3 AND p.tenant = ?1 AND p.key = ?2 \
                 WHERE c.projection_name = ?4 AND c.version = ?5 AND c.layout = ?6",
                list("t."),
            ),
            first_tenant: format!("SELECT tenant FROM {table} WHERE tenant > ?1 ORDER BY tenant LIMIT 1"),
            relation: Relation {
                from: table,
                columns: list(""),
                shown: Some("_shown = 1"),
                computed: false,
                tie: vec![key_name],
                dialect: SQLITE,
            },
            key,
            spec,
        }
    }
}

/// The columns that make a row when it is read: what every row has, its contents, and the key where it has a column of its own.
fn row_columns(spec: &TableSpec, key: KeyColumn) -> Vec<String> {
    let mut names: Vec<String> = ["_position", "_revision", "_shown"].map(str::to_owned).into();
    names.extend(spec.columns.iter().map(|column| quoted(&column.name)));
    if key == KeyColumn::Own {
        names.push("_key".to_owned());
    }
    names
}
