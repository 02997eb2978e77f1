//! What checks of a row store work with.

use std::ops::Deref;
use std::sync::Arc;

use watershed_core::ports::{
    Checkpoint, GroupSpec, RowChange, RowGroup, RowKey, RowStore, RowsBatch, RowsFound, StoredRow,
};
use watershed_core::{Ask, Key, Position, Tenant, Value};

use super::RowsFixture;
use super::specs::{THINGS, THINGS_TABLE, contents, things, things_group};
use crate::conformance::promise::{Checked, holds};
use crate::conformance::storage::Storage;

/// Storage for rows, fresh for each check.
pub(super) struct Bench(Arc<dyn Storage<Arc<dyn RowStore>>>);

impl Bench {
    pub(super) fn on(fixture: impl RowsFixture) -> Self {
        Self(Arc::new(fixture))
    }

    /// Opens the store. What was opened before must have been dropped.
    pub(super) async fn store(&self) -> Arc<dyn RowStore> {
        self.0.open().await
    }

    /// Opens the store, and a group on it.
    pub(super) async fn group(&self, spec: GroupSpec) -> Checked<Opened> {
        let store = self.store().await;
        let group = store.open(spec).await?;
        Ok(Opened { group, _store: store })
    }

    /// Opens the store, and the group of most checks on it.
    pub(super) async fn things(&self) -> Checked<Opened> {
        self.group(things_group()).await
    }

    /// The group of most checks, with these rows in its first table, and its checkpoint at 1.
    pub(super) async fn things_with(&self, rows: Vec<StoredRow>) -> Checked<Opened> {
        let group = self.things().await?;
        put(&group, THINGS_TABLE, rows, 1).await?;
        Ok(group)
    }
}

/// A group, and the store that it was opened on.
#[derive(Clone)]
pub(super) struct Opened {
    group: Arc<dyn RowGroup>,
    _store: Arc<dyn RowStore>,
}

impl Deref for Opened {
    type Target = dyn RowGroup;

    fn deref(&self) -> &Self::Target {
        &*self.group
    }
}

pub(super) fn key(key: &str) -> RowKey {
    key_of("default", key)
}

pub(super) fn key_of(tenant: &str, key: &str) -> RowKey {
    RowKey { tenant: Tenant::stored(tenant.into()), key: Key::from(key) }
}

/// A shown row of the default tenant in [`things`], changed once, at position 1.
pub(super) fn thing(id: &str, given: &[(&str, Value)]) -> StoredRow {
    StoredRow { key: key(id), values: contents(&things(), id, given), position: 1, revision: 1, shown: true }
}

/// A shown row with that number.
pub(super) fn numbered(id: &str, number: i64) -> StoredRow {
    thing(id, &[("number", Value::Int(number))])
}

pub(super) fn hidden(row: StoredRow) -> StoredRow {
    StoredRow { shown: false, ..row }
}

pub(super) fn in_tenant(tenant: &str, row: StoredRow) -> StoredRow {
    StoredRow { key: key_of(tenant, row.key.key.as_str()), ..row }
}

/// A running group's checkpoint at that position.
pub(super) fn checkpoint(position: Position) -> Checkpoint {
    Checkpoint { position, status: "running".into(), ..Checkpoint::default() }
}

/// A batch that puts these rows into one table.
pub(super) fn batch(table: usize, rows: Vec<StoredRow>, position: Position) -> RowsBatch {
    RowsBatch {
        changes: vec![(table, rows.into_iter().map(RowChange::Put).collect())],
        checkpoint: checkpoint(position),
        ..RowsBatch::default()
    }
}

pub(super) async fn put(group: &Opened, table: usize, rows: Vec<StoredRow>, position: Position) -> Checked {
    Ok(group.write(&batch(table, rows, position)).await?)
}

/// Asks as a reader of the default tenant.
pub(super) async fn ask(group: &Opened, ask: &Ask) -> Checked<RowsFound> {
    Ok(group.ask(&Tenant::default(), ask).await?)
}

/// The question for one row.
pub(super) fn one(key: &str) -> Ask {
    Ask { key: Some(Key::from(key)), ..Ask::rows(THINGS) }
}

/// Everything that the question asks for, page by page. The cursor goes through its text form, as with a caller.
pub(super) async fn walk(group: &Opened, question: &Ask) -> Checked<Vec<StoredRow>> {
    let (mut all, mut question) = (Vec::new(), question.clone());
    loop {
        let page = ask(group, &question).await?;
        let limit = question.limit as usize;
        holds!(
            page.rows.len() <= limit,
            "{} rows came where at most {limit} were asked for",
            page.rows.len()
        );
        let came = page.rows.len();
        all.extend(page.rows);
        let Some(next) = page.next else {
            return Ok(all);
        };
        holds!(came > 0, "an empty page has a page after it");
        question.after = next.to_string().parse().ok();
        holds!(
            question.after == Some(next),
            "the cursor is not read back from its text: {:?}",
            question.after
        );
    }
}

pub(super) fn keys(rows: &[StoredRow]) -> Vec<&str> {
    rows.iter().map(|row| row.key.key.as_str()).collect()
}
