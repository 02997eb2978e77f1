use crate::{ColumnKind, Value};

/// The tables that an aggregate's state stands in: one row of the root, and any number of rows of each child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TablesSpec {
    /// The table with one row for each aggregate.
    pub root: StateTable,
    /// The column of the root that counts the row's saves.
    pub version: &'static str,
    /// The tables of what the aggregate has several of.
    pub children: Vec<StateTable>,
}

/// A table, as far as the state stands in it. It may have other columns, which are left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateTable {
    /// Its name; `schema.table` where the database has schemas.
    pub name: &'static str,
    /// The column that says whose row it is; none where the table knows no tenants.
    pub tenant: Option<&'static str>,
    /// The column that holds the aggregate's id.
    pub id: &'static str,
    /// The places of the columns that tell the rows of one aggregate apart: none for the root.
    pub key: Vec<usize>,
    /// The state's columns.
    pub columns: Vec<StateColumn>,
}

/// A column of the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateColumn {
    /// Its name in the table.
    pub name: &'static str,
    /// What the state keeps in it.
    pub kind: ColumnKind,
    /// Whether it may be empty.
    pub optional: bool,
}

impl StateTable {
    /// The table with the key columns of these names.
    #[must_use]
    pub fn keyed_by(mut self, key: &[&str]) -> Self {
        self.key = key
            .iter()
            .filter_map(|name| self.columns.iter().position(|column| column.name == *name))
            .collect();
        self
    }
}

impl TablesSpec {
    /// What cannot be right about it, whatever the tables are.
    ///
    /// # Errors
    /// Says what, in words for whoever wrote the mapping.
    pub fn check(&self) -> Result<(), String> {
        for (place, child) in self.children.iter().enumerate() {
            if child.key.is_empty() {
                return Err(format!("`{}`: none of its columns is the children's key", child.name));
            }
            let earlier = self.children[..place].iter().any(|other| other.name == child.name);
            if earlier || child.name == self.root.name {
                return Err(format!("`{}` is mapped twice", child.name));
            }
        }
        for table in self.children.iter().chain([&self.root]) {
            let mut names: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
            names.extend(table.tenant);
            names.push(table.id);
            names.extend((table.name == self.root.name).then_some(self.version));
            names.sort_unstable();
            if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
                return Err(format!("`{}`: the column `{}` is mapped twice", table.name, pair[0]));
            }
        }
        Ok(())
    }
}

/// A state as rows: what stands in the columns of its tables, in their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct StateRows {
    /// Whether the state has rows at all: one that has ended may have none.
    pub kept: bool,
    /// The root's row.
    pub root: Vec<Value>,
    /// The rows of each child table.
    pub children: Vec<Vec<Vec<Value>>>,
}
