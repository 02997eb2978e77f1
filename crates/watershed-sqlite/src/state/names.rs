//! Names of the user's in statements of ours.

use std::fmt::Write;

use watershed_core::write::{StateTable, TablesSpec};

/// Tables of the log's file that are not the user's, beside those that begin with `_`.
pub(super) const RESERVED: &[&str] = &["events", "meta", "probe", "checkpoints", "parked", "loading"];

/// Whether the name is one that the log needs itself.
pub(super) fn is_reserved(name: &str) -> bool {
    let small = name.to_ascii_lowercase();
    small.starts_with('_') || small.starts_with("sqlite_") || RESERVED.contains(&small.as_str())
}

/// The name as it stands in a statement, whatever it is made of.
pub(super) fn quoted(name: &str) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push('"');
    for letter in name.chars() {
        if letter == '"' {
            quoted.push('"');
        }
        quoted.push(letter);
    }
    quoted.push('"');
    quoted
}

/// `"tenant" = ?1 AND "id" = ?2`: the rows of one aggregate. Where the table knows no tenants, `?1` is bound all the same.
pub(super) fn of_one(table: &StateTable) -> String {
    let id = quoted(table.id);
    match table.tenant {
        Some(tenant) => format!("{} = ?1 AND {id} = ?2", quoted(tenant)),
        None => format!("?1 IS NOT NULL AND {id} = ?2"),
    }
}

/// The columns of the state, as they stand in a statement.
pub(super) fn columns(table: &StateTable) -> String {
    let mut list = String::new();
    for column in &table.columns {
        let _ = write!(list, ", {}", quoted(column.name));
    }
    list
}

/// The version of the root's row.
pub(super) fn select_version(tables: &TablesSpec) -> String {
    let root = &tables.root;
    format!("SELECT {} FROM {} WHERE {}", quoted(tables.version), quoted(root.name), of_one(root))
}
