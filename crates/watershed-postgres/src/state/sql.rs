//! Statements over the user's tables, made of their mapping.

use watershed_core::Value;
use watershed_core::write::{StateTable, TablesSpec};

use super::columns::{Column, Columns, table_name};
use crate::connection::quoted;

/// A statement and the texts that are bound to it.
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) texts: Vec<Option<String>>,
}

/// What is known of a column that has been checked to be there; a text where it has gone since.
fn known<'a>(columns: &'a Columns, name: &str, text: &'a Column) -> &'a Column {
    columns.get(name).unwrap_or(text)
}

/// The rows of one aggregate.
pub(crate) struct OneOf<'a> {
    pub(crate) table: &'a StateTable,
    pub(crate) columns: &'a Columns,
    pub(crate) tenant: &'a str,
    pub(crate) id: &'a str,
}

impl OneOf<'_> {
    pub(crate) fn column(&self, name: &str) -> Column {
        known(self.columns, name, &Column::text()).clone()
    }

    fn name(&self) -> String {
        table_name(self.table.name)
    }

    /// The first two texts of every statement.
    fn texts(&self) -> Vec<Option<String>> {
        vec![Some(self.tenant.to_owned()), Some(self.id.to_owned())]
    }

    /// `"tenant" = $1 AND "id" = $2`. Where the table knows no tenants, the first is bound all the same.
    fn found(&self) -> String {
        let id = format!("{} = {}", quoted(self.table.id), self.column(self.table.id).given(2));
        match self.table.tenant {
            Some(tenant) => format!("{} = {} AND {id}", quoted(tenant), self.column(tenant).given(1)),
            None => format!("$1::text IS NOT NULL AND {id}"),
        }
    }

    /// How the id is spelt by whatever type its column is of.
    pub(crate) fn spelling(&self) -> Statement {
        let id = self.column(self.table.id);
        let sql = format!("SELECT ($1::text::{})::text", id.cast);
        Statement { sql, texts: vec![Some(self.id.to_owned())] }
    }

    /// The version of the root's row; `with` says how it is locked.
    pub(crate) fn version(&self, tables: &TablesSpec, with: &str) -> Statement {
        let sql = format!(
            "SELECT {}::text FROM {} WHERE {} {with}",
            quoted(tables.version),
            self.name(),
            self.found()
        );
        Statement { sql, texts: self.texts() }
    }

    /// The state's columns as texts, behind what comes first.
    fn columns(&self) -> Vec<String> {
        let columns = self.table.columns.iter();
        columns.map(|column| self.column(column.name).read(column.name)).collect()
    }

    /// Root and children in one statement: as of one moment.
    pub(crate) fn load(&self, tables: &TablesSpec, children: &[OneOf<'_>]) -> Statement {
        let mut all = vec![format!("{}::text", quoted(tables.version))];
        all.extend(self.columns());
        for child in children {
            let key = child.table.key.iter().filter_map(|place| child.table.columns.get(*place));
            let key: Vec<String> = key.map(|column| quoted(column.name)).collect();
            all.push(format!(
                "(SELECT coalesce(json_agg(json_build_array({}) ORDER BY {}), '[]')::text FROM {} WHERE {})",
                child.columns().join(", "),
                key.join(", "),
                child.name(),
                child.found(),
            ));
        }
        let sql = format!("SELECT {} FROM {} WHERE {}", all.join(", "), self.name(), self.found());
        Statement { sql, texts: self.texts() }
    }

    pub(crate) fn insert(&self, values: &[Value], version: Option<&str>) -> Statement {
        let (mut names, mut given, mut texts) = (Vec::new(), Vec::new(), self.texts());
        if let Some(tenant) = self.table.tenant {
            names.push(quoted(tenant));
            given.push(self.column(tenant).given(1));
        }
        names.push(quoted(self.table.id));
        given.push(self.column(self.table.id).given(2));
        for (column, value) in self.table.columns.iter().zip(values) {
            let known = self.column(column.name);
            texts.push(known.write(value));
            names.push(quoted(column.name));
            given.push(known.given(texts.len()));
        }
        if let Some(version) = version {
            names.push(quoted(version));
            given.push("1".to_owned());
        }
        let sql = format!(
            "INSERT INTO {} ({}) SELECT {} WHERE $1::text IS NOT NULL RETURNING 1",
            self.name(),
            names.join(", "),
            given.join(", ")
        );
        Statement { sql, texts }
    }

    /// Changes the columns of the row, or of the one with that key.
    pub(crate) fn update(
        &self,
        columns: &[(usize, Value)],
        key: Option<&[Value]>,
        version: Option<&str>,
    ) -> Statement {
        let mut texts = self.texts();
        let mut sets: Vec<String> =
            version.map(quoted).map(|name| format!("{name} = {name} + 1")).into_iter().collect();
        for (place, value) in columns {
            let Some(column) = self.table.columns.get(*place) else { continue };
            let known = self.column(column.name);
            texts.push(known.write(value));
            sets.push(format!("{} = {}", quoted(column.name), known.given(texts.len())));
        }
        let found = self.keyed(key, &mut texts);
        let sql = format!("UPDATE {} SET {} WHERE {found} RETURNING 1", self.name(), sets.join(", "));
        Statement { sql, texts }
    }

    pub(crate) fn delete(&self, key: Option<&[Value]>) -> Statement {
        let mut texts = self.texts();
        let found = self.keyed(key, &mut texts);
        let sql = format!("DELETE FROM {} WHERE {found} RETURNING 1", self.name());
        Statement { sql, texts }
    }

    fn keyed(&self, key: Option<&[Value]>, texts: &mut Vec<Option<String>>) -> String {
        let mut found = self.found();
        for (place, value) in self.table.key.iter().zip(key.unwrap_or_default()) {
            let Some(column) = self.table.columns.get(*place) else { continue };
            let known = self.column(column.name);
            match known.write(value) {
                None => found.push_str(&format!(" AND {} IS NULL", quoted(column.name))),
                written => {
                    texts.push(written);
                    found.push_str(&format!(" AND {} = {}", quoted(column.name), known.given(texts.len())));
                }
            }
        }
        found
    }
}
