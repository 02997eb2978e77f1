//! Which column holds a row's key, and keys of what columns hold.

use watershed_core::read::parse_value;
use watershed_core::{ColumnKind, ColumnSpec, Key, TableSpec, Value};

/// Which column holds a row's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyColumn {
    /// The row's only key column, which is a text that is never empty.
    Column(usize),
    /// `_key`, beside the row's columns.
    Own,
}

impl KeyColumn {
    /// That of such a table.
    #[must_use]
    pub fn of(spec: &TableSpec) -> Self {
        let mut places = spec.key_columns();
        match (places.next(), places.next()) {
            (Some(place), None)
                if spec.columns[place].kind == ColumnKind::Text && !spec.columns[place].optional =>
            {
                Self::Column(place)
            }
            _ => Self::Own,
        }
    }

    /// Its place among the row's columns, where it is one of them.
    #[must_use]
    pub fn place(self) -> Option<usize> {
        match self {
            Self::Column(place) => Some(place),
            Self::Own => None,
        }
    }
}

/// The key that a single column makes.
#[must_use]
pub fn key_from(value: &Value) -> Key {
    match value {
        Value::Text(text) => Key::from(&**text),
        other => Key::from(format!("{other:?}")),
    }
}

/// The key of a row with these contents.
#[must_use]
pub fn key_of_values(spec: &TableSpec, values: &[Value]) -> Key {
    let parts: Vec<Key> = spec.key_columns().filter_map(|place| values.get(place)).map(key_from).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        several => {
            let several: Vec<&dyn std::fmt::Display> = several.iter().map(|part| part as _).collect();
            Key::joined(&several)
        }
    }
}

/// The contents of the key columns; none where the text is no key of such a row.
#[must_use]
pub fn values_of_key(spec: &TableSpec, key: &str) -> Option<Vec<Value>> {
    let columns: Vec<&ColumnSpec> = spec.columns.iter().filter(|column| column.key).collect();
    let parts: Vec<String> = match columns.as_slice() {
        [_] => vec![key.to_owned()],
        _ => key.split(':').map(|part| part.replace("%3A", ":").replace("%25", "%")).collect(),
    };
    if parts.len() != columns.len() {
        return None;
    }
    columns.iter().zip(&parts).map(|(column, part)| parse_value(column.kind, part).ok()).collect()
}
