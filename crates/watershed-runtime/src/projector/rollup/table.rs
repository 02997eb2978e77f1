use std::sync::Arc;

use watershed_core::{ColumnKind, ColumnSpec, Key, Measure, TableSpec, Value};

/// The column behind a rollup's own, which holds what its groups are made of. Readers do not see it.
const STATE: &str = "_state";
/// What is put behind a rollup's name for the table of its groups' values.
const VALUES: &str = "__values";

/// A rollup's table: the columns that readers see, and what each is made of.
#[derive(Clone)]
pub(crate) struct RollupTable {
    spec: TableSpec,
    values: Option<TableSpec>,
    pub(super) measures: &'static [Measure],
    pub(super) kinds: Arc<[ColumnKind]>,
}

impl RollupTable {
    pub(crate) fn new(readers: TableSpec, measures: &'static [Measure]) -> Self {
        let kinds = readers.columns.iter().map(|column| column.kind).collect();
        let values = measures.iter().any(|measure| measure.counts_values()).then(|| TableSpec {
            name: format!("{}{VALUES}", readers.name).into(),
            columns: vec![
                ColumnSpec { key: true, ..internal("page", ColumnKind::Text) },
                internal("content", ColumnKind::Json),
            ]
            .into(),
            indexes: [].as_slice().into(),
        });
        let mut columns = readers.columns.into_owned();
        columns.push(internal(STATE, ColumnKind::Json));
        Self { spec: TableSpec { columns: columns.into(), ..readers }, values, measures, kinds }
    }

    /// The table as the store keeps it.
    pub(crate) fn spec(&self) -> &TableSpec {
        &self.spec
    }

    /// The table beside it, for the values of groups that have many; none where no measure counts values. No reader sees it.
    pub(crate) fn values(&self) -> Option<&TableSpec> {
        self.values.as_ref()
    }

    /// The key of the group with these contents.
    pub(super) fn group_key(&self, group: &[Value]) -> Key {
        match group {
            [Value::Text(text)] => Key::from(&**text),
            [one] => Key::from(plain(one)),
            several => {
                let parts: Vec<_> = several.iter().map(plain).collect();
                let parts: Vec<&dyn std::fmt::Display> = parts.iter().map(|part| part as _).collect();
                Key::joined(&parts)
            }
        }
    }
}

fn internal(name: &'static str, kind: ColumnKind) -> ColumnSpec {
    ColumnSpec {
        name: name.into(),
        kind,
        optional: false,
        key: false,
        indexed: false,
        searched: false,
        internal: true,
    }
}

/// A group's column as text, as the row type's own key writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::Text(text) => text.to_string(),
        other => format!("{other:?}"),
    }
}
