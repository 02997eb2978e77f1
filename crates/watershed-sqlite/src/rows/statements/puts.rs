//! The statements that put rows.

use watershed_core::TableSpec;
use watershed_store::rows::KeyColumn;

use super::quoted;
use super::table::key_name;

/// How a row is put into its table, whether it is there or not.
///
/// The parameters of every statement are those of [`insert_into`].
#[derive(Debug)]
pub(crate) enum Puts {
    /// In one statement: only the key has an index.
    AtOnce(String),
    /// After a look at the stored row. SQLite writes an index anew for every column that a statement sets, whether its
    /// content changes or not, and an index's page costs as much as a row's.
    AfterLook(AfterLook),
}

/// Statements that leave alone what does not change.
#[derive(Debug)]
pub(crate) struct AfterLook {
    /// The places of the columns that have an index.
    pub(crate) indexed: Vec<usize>,
    /// The row's number and the contents of those columns. Parameters: tenant, key.
    pub(crate) look: String,
    /// Makes the row where it is not there.
    pub(crate) insert: String,
    /// Sets the columns without an index, and of those with one: none; only the first, only the second, and so on; all.
    /// The row's number is one more parameter.
    pub(crate) updates: Vec<String>,
}

impl Puts {
    pub(super) fn new(spec: &TableSpec, key: KeyColumn) -> Self {
        let indexed = indexed(spec, key);
        if indexed.is_empty() { Self::at_once(spec, key) } else { Self::after_look(spec, key, indexed) }
    }

    fn at_once(spec: &TableSpec, key: KeyColumn) -> Self {
        let key_name = key_name(key, spec);
        let replaced: Vec<String> = stored_columns(spec, key)
            .iter()
            .filter(|name| *name != "tenant" && **name != key_name)
            .map(|name| format!("{name} = excluded.{name}"))
            .collect();
        Self::AtOnce(format!(
            "{} ON CONFLICT (tenant, {key_name}) DO UPDATE SET {}",
            insert_into(spec, &spec.name),
            replaced.join(", "),
        ))
    }

    fn after_look(spec: &TableSpec, key: KeyColumn, indexed: Vec<usize>) -> Self {
        let names: Vec<String> = indexed.iter().map(|place| quoted(&spec.columns[*place].name)).collect();
        let without = |kept: &dyn Fn(usize) -> bool| -> String {
            let left: Vec<usize> = indexed.iter().copied().filter(|place| !kept(*place)).collect();
            update(spec, key, &left)
        };
        let mut updates = vec![without(&|_| false)];
        updates.extend(indexed.iter().map(|only| without(&|place| place == *only)));
        updates.push(without(&|_| true));
        Self::AfterLook(AfterLook {
            look: format!(
                "SELECT _rowid_, {} FROM {} WHERE tenant = ?1 AND {} = ?2",
                names.join(", "),
                quoted(&spec.name),
                key_name(key, spec),
            ),
            insert: insert_into(spec, &spec.name),
            updates,
            indexed,
        })
    }
}

impl AfterLook {
    /// The place in `updates` of the statement for a row in which these of the indexed columns change.
    pub(crate) fn update_for(&self, changed: impl Iterator<Item = bool>) -> usize {
        let mut places = changed.enumerate().filter(|(_, changed)| *changed).map(|(place, _)| place);
        match (places.next(), places.next()) {
            (None, _) => 0,
            (Some(only), None) => only + 1,
            (Some(_), Some(_)) => self.updates.len() - 1,
        }
    }
}

/// The columns that have an index beside the key's.
fn indexed(spec: &TableSpec, key: KeyColumn) -> Vec<usize> {
    let in_joined =
        |name: &str| spec.indexes.iter().any(|index| index.columns.iter().any(|(column, _)| *column == name));
    spec.columns
        .iter()
        .enumerate()
        .filter(|(place, column)| Some(*place) != key.place() && (column.indexed || in_joined(&column.name)))
        .map(|(place, _)| place)
        .collect()
}

/// Sets everything but the key and the columns at these places.
fn update(spec: &TableSpec, key: KeyColumn, left: &[usize]) -> String {
    let key_name = key_name(key, spec);
    let left: Vec<String> = left.iter().map(|place| quoted(&spec.columns[*place].name)).collect();
    let stored = stored_columns(spec, key);
    let set: Vec<String> = stored
        .iter()
        .zip(1..)
        .filter(|(name, _)| *name != "tenant" && **name != key_name && !left.contains(name))
        .map(|(name, parameter): (_, usize)| format!("{name} = ?{parameter}"))
        .collect();
    format!("UPDATE {} SET {} WHERE _rowid_ = ?{}", quoted(&spec.name), set.join(", "), stored.len() + 1)
}

/// Makes a row in the table of that name.
/// Parameters: tenant, the columns, the key where it has a column of its own, position, revision, shown.
pub(crate) fn insert_into(spec: &TableSpec, name: &str) -> String {
    let stored = stored_columns(spec, KeyColumn::of(spec));
    let places = vec!["?"; stored.len()];
    format!("INSERT INTO {} ({}) VALUES ({})", quoted(name), stored.join(", "), places.join(", "))
}

/// All columns, in the order in which a row is bound.
fn stored_columns(spec: &TableSpec, key: KeyColumn) -> Vec<String> {
    let mut names = vec!["tenant".to_owned()];
    names.extend(spec.columns.iter().map(|column| quoted(&column.name)));
    if key == KeyColumn::Own {
        names.push("_key".to_owned());
    }
    names.extend(["_position", "_revision", "_shown"].map(str::to_owned));
    names
}
