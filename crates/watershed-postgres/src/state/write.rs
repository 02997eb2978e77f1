//! What a save does in the append's transaction, and what the database's no means.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use uuid::Uuid;
use watershed_core::Tenant;
use watershed_core::ports::{AppendError, ChildChange, RootWrite, Save, SaveRule};

use super::columns::Known;
use super::sql::{OneOf, Statement};
use crate::connection::Connection;
use crate::error::in_words;

/// The row that a save is about.
pub(crate) struct Row<'a> {
    pub(crate) save: &'a Save,
    pub(crate) stream: Uuid,
    pub(crate) tenant: &'a Tenant,
    pub(crate) id: &'a str,
}

impl Row<'_> {
    /// Rows are locked in this order, whichever process locks them.
    pub(crate) fn place(&self) -> (&str, &str, &str) {
        (self.save.tables.root.name, self.tenant.as_str(), self.id)
    }

    /// The version of the row, locked as `with` says; none where there is no such row (or it is skipped).
    pub(crate) async fn version(
        &self,
        connection: &Connection,
        known: &Known,
        with: &str,
    ) -> Result<Option<u64>, Error> {
        let tables = &self.save.tables;
        let columns = known.of(connection, tables.root.name).await?;
        let one = OneOf { table: &tables.root, columns: &columns, tenant: self.tenant.as_str(), id: self.id };
        let Statement { sql, texts } = one.version(tables, with);
        let rows = connection.ask(&sql, &texts).await?;
        let version = |row: &tokio_postgres::Row| row.get::<_, Option<String>>(0);
        Ok(rows.first().map(|row| version(row).and_then(|text| text.parse().ok()).unwrap_or_default()))
    }
}

/// The statements of a save, in their order. Each changes one row.
pub(crate) async fn statements(
    connection: &Connection,
    known: &Known,
    row: &Row<'_>,
) -> Result<Vec<Statement>, Error> {
    let (save, tables) = (row.save, &row.save.tables);
    let columns = known.of(connection, tables.root.name).await?;
    let (tenant, id) = (row.tenant.as_str(), row.id);
    let root = OneOf { table: &tables.root, columns: &columns, tenant, id };
    let mut all = Vec::new();
    match &save.root {
        RootWrite::Insert(values) => all.push(root.insert(values, Some(tables.version))),
        RootWrite::Update(columns) => all.push(root.update(columns, None, Some(tables.version))),
        RootWrite::Keep | RootWrite::Delete => {}
    }
    for write in &save.children {
        let Some(table) = tables.children.get(write.table) else { continue };
        let columns = known.of(connection, table.name).await?;
        let child = OneOf { table, columns: &columns, tenant, id };
        all.push(match &write.change {
            ChildChange::Insert(values) => child.insert(values, None),
            ChildChange::Update { key, columns } => child.update(columns, Some(key), None),
            ChildChange::Delete { key } => child.delete(Some(key)),
        });
    }
    if save.root == RootWrite::Delete {
        all.push(root.delete(None));
    }
    Ok(all)
}

/// What the database's no means to an append.
pub(crate) enum Refusal {
    /// Somebody else holds what it needs: it may be tried again.
    Locked,
    For(AppendError),
}

/// What an error of a statement means; none where the connection is the trouble.
pub(crate) fn refusal(error: &Error) -> Option<Refusal> {
    let said = error.as_db_error()?;
    let code = said.code();
    let rule = match code {
        &SqlState::LOCK_NOT_AVAILABLE | &SqlState::T_R_DEADLOCK_DETECTED => return Some(Refusal::Locked),
        &SqlState::UNIQUE_VIOLATION => SaveRule::Unique,
        &SqlState::CHECK_VIOLATION => SaveRule::Check,
        &SqlState::FOREIGN_KEY_VIOLATION | &SqlState::RESTRICT_VIOLATION => SaveRule::Reference,
        &SqlState::NOT_NULL_VIOLATION => SaveRule::NotNull,
        // What a column cannot hold, and what a trigger or an exclusion says.
        other if ["22", "23", "P0"].contains(&&other.code()[..2]) => SaveRule::Other,
        _ => return Some(Refusal::For(AppendError::SaveFailed(in_words(error)))),
    };
    // Not the detail: it tells of other rows.
    Some(Refusal::For(AppendError::SaveRefused { rule, problem: said.message().to_owned() }))
}
