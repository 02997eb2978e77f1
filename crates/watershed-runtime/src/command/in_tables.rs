//! State that stands in tables: how it is loaded, and what a save changes there.

use std::sync::Arc;

use watershed_core::ports::{RootWrite, Save, StateError};
use watershed_core::write::{StateRows, TablesCodec, TablesSpec, difference};
use watershed_core::{ColumnError, Tenant, Value};

use super::{LoadError, WriteCore};

/// The tables of one kind of aggregate.
pub(super) struct InTables<'a, A> {
    pub(super) codec: &'a TablesCodec<A>,
    pub(super) tables: &'a Arc<TablesSpec>,
}

impl<A: Default> InTables<'_, A> {
    /// The state, and the version of the row that it stands in; as if nothing had happened where there is no row.
    pub(super) async fn load(
        &self,
        core: &WriteCore,
        tenant: &Tenant,
        id: &str,
    ) -> Result<(A, Option<u64>), LoadError> {
        if self.tables.root.tenant.is_none() && *tenant != Tenant::default() {
            let problem = format!("`{}` has no column for the tenant", self.tables.root.name);
            return Err(StateError::Unreadable(problem).into());
        }
        let store = core.tables.as_ref().ok_or_else(no_tables)?;
        match store.load(self.tables, tenant, id).await? {
            None => Ok((A::default(), None)),
            Some(loaded) => Ok(((self.codec.decode)(loaded.rows)?, Some(loaded.version))),
        }
    }

    /// Looks whether the state still stands where it was found.
    pub(super) fn look(&self, row: Option<u64>) -> Save {
        Save { tables: self.tables.clone(), expected: row, root: RootWrite::Keep, children: Vec::new() }
    }

    /// The state's rows, where it has any.
    pub(super) fn rows(&self, state: &A, row: Option<u64>) -> Result<Option<StateRows>, ColumnError> {
        row.map(|_| (self.codec.encode)(state)).transpose()
    }

    /// What makes the state's rows of those that are there, and the version that the row has then.
    pub(super) fn save(
        &self,
        before: Option<&StateRows>,
        state: &A,
        row: Option<u64>,
    ) -> Result<(Save, Option<u64>), ColumnError> {
        let after = (self.codec.encode)(state)?;
        let (root, children) = difference(self.tables, before, &after)?;
        let then = match root {
            RootWrite::Keep => row,
            RootWrite::Insert(_) => Some(1),
            RootWrite::Update(_) => row.map(|version| version + 1),
            RootWrite::Delete => None,
        };
        Ok((Save { tables: self.tables.clone(), expected: row, root, children }, then))
    }

    /// The state as JSON, by the names of the columns and of the children's tables.
    pub(super) fn json(&self, state: &A) -> Option<serde_json::Value> {
        let rows = (self.codec.encode)(state).ok()?;
        if !rows.kept {
            return None;
        }
        let mut all = object(self.tables.root.columns.iter().map(|column| column.name), &rows.root);
        for (table, rows) in self.tables.children.iter().zip(&rows.children) {
            let columns = || table.columns.iter().map(|column| column.name);
            let rows = rows.iter().map(|row| object(columns(), row).into()).collect();
            all.insert(table.name.to_owned(), serde_json::Value::Array(rows));
        }
        Some(all.into())
    }
}

fn object<'a>(
    names: impl Iterator<Item = &'a str>,
    values: &[Value],
) -> serde_json::Map<String, serde_json::Value> {
    names.zip(values).map(|(name, value)| (name.to_owned(), json(value))).collect()
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Real(value) => (*value).into(),
        Value::Decimal(value) => value.to_string().into(),
        Value::Timestamp(value) => value.to_string().into(),
        Value::Text(text) => (**text).into(),
        Value::Json(text) => serde_json::from_str(text).unwrap_or_default(),
    }
}

/// invariant: a context with such aggregates does not start on stores without tables.
fn no_tables() -> StateError {
    StateError::Unfit("these stores keep no tables of state".to_owned())
}
