use std::sync::Arc;

use watershed_core::{ColumnKind, ColumnSpec, Key, Measure, TableSpec, Value};

/// The column behind a rollup's own, which holds what its groups are made of. Readers do not see it.
const STATE: &str = "_state";

/// A rollup's table: the columns that readers see, and what each is made of.
#[derive(Clone)]
pub(crate) struct RollupTable {
    spec: TableSpec,
    pub(super) measures: &'static [Measure],
    pub(super) kinds: Arc<[ColumnKind]>,
}

impl RollupTable {
    pub(crate) fn new(readers: TableSpec, measures: &'static [Measure]) -> Self {
        let kinds = readers.columns.iter().map(|column| column.kind).collect();
        let mut columns = readers.columns.into_owned();
        columns.push(ColumnSpec {
            name: STATE.into(),
            kind: ColumnKind::Json,
            optional: false,
            key: false,
            indexed: false,
            searched: false,
            internal: true,
        });
        Self { spec: TableSpec { columns: columns.into(), ..readers }, measures, kinds }
    }

    /// The table as the store keeps it.
    pub(crate) fn spec(&self) -> &TableSpec {
        &self.spec
    }

    /// The key of the group with these contents.
    pub(super) fn group_key(&self, group: &[Value]) -> Key {
        match group {
            [one] => Key::from(plain(one)),
            several => {
                let parts: Vec<_> = several.iter().map(plain).collect();
                let parts: Vec<&dyn std::fmt::Display> = parts.iter().map(|part| part as _).collect();
                Key::joined(&parts)
            }
        }
    }
}

/// A group's column as text, as the row type's own key writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}
