//! Folds that count, and what checks do with them.

use std::sync::Arc;

use watershed_core::ports::{
    Checkpoint, EventLog, GroupSpec, InlineFold, RowChange, RowGroup, RowKey, RowReader, RowsBatch,
    RowsBesideLog, RowsNow, StoredRow,
};
use watershed_core::{
    Ask, ColumnKind, ColumnSpec, IndexSpec, Key, Position, StoredEvent, TableSpec, Tenant, Value,
};

use super::{BesideFixture, Pair};
use crate::conformance::promise::Checked;
use crate::conformance::storage::Storage;

/// The view that counts each stream's events.
pub(super) const COUNTS: &str = "counts";
/// The view that counts them a second time.
pub(super) const AGAIN: &str = "counts_again";

/// Storage for a log and the rows beside it, fresh for each check.
pub(super) struct Bench(Arc<dyn Storage<Pair>>);

/// A log that counts its streams' events, and the counts.
#[derive(Clone)]
pub(super) struct Counted {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) rows: Arc<dyn RowsBesideLog>,
    pub(super) counts: Arc<dyn RowGroup>,
    pub(super) again: Arc<dyn RowGroup>,
}

impl Bench {
    pub(super) fn on(fixture: impl BesideFixture) -> Self {
        Self(Arc::new(fixture))
    }

    /// Opens both, and has the log fold its counts, by two folds one after the other.
    pub(super) async fn open(&self) -> Checked<Counted> {
        let (log, rows) = self.0.open().await;
        let counts = rows.open_inline(group(COUNTS)).await?;
        let again = rows.open_inline(group(AGAIN)).await?;
        log.set_inline(vec![Box::new(Counting(COUNTS)), Box::new(Counting(AGAIN))]);
        Ok(Counted { log, rows, counts, again })
    }
}

fn group(name: &'static str) -> GroupSpec {
    GroupSpec {
        name: name.into(),
        edition: 1,
        version: "1".into(),
        tables: vec![table(name)],
        journal: Vec::new(),
    }
}

/// A table of numbers by stream.
pub(super) fn table(name: &'static str) -> TableSpec {
    let column = |name: &'static str, kind, key| ColumnSpec {
        name: name.into(),
        kind,
        optional: false,
        key,
        indexed: !key,
        searched: false,
        internal: false,
    };
    let columns = vec![column("stream", ColumnKind::Text, true), column("number", ColumnKind::Int, false)];
    TableSpec { name: name.into(), columns: columns.into(), indexes: Vec::<IndexSpec>::new().into() }
}

/// Counts the events of each stream. Of events with these names: `poison` it refuses, `bitter` it refuses the second time
/// it counts, `broken` makes a batch that no store can write.
struct Counting(&'static str);

impl InlineFold for Counting {
    fn name(&self) -> &str {
        self.0
    }

    fn fold(&mut self, events: &[Arc<StoredEvent>], rows: &dyn RowsNow) -> Result<RowsBatch, String> {
        let has = |name: &str| events.iter().any(|event| &*event.name == name);
        if has("poison") || (has("bitter") && self.0 == AGAIN) {
            return Err("it is poison".into());
        }
        let Some(last) = events.last() else {
            return Ok(RowsBatch::default());
        };
        let key = RowKey { tenant: last.tenant.clone(), key: Key::from(&last.stream.id) };
        let stored = rows.row(0, &key).map_err(|error| error.to_string())?;
        let (number, revision) = stored.map_or((0, 0), |row| (number(&row), row.revision));
        let row = StoredRow {
            values: vec![
                Value::Text((*last.stream.id).into()),
                Value::Int(number + i64::try_from(events.len()).unwrap_or(0)),
            ],
            key,
            position: last.position,
            revision: revision + 1,
            shown: true,
        };
        let table = if has("broken") { 9 } else { 0 };
        Ok(RowsBatch {
            changes: vec![(table, vec![RowChange::Put(row)])],
            checkpoint: Checkpoint {
                position: last.position,
                status: "running".into(),
                ..Checkpoint::default()
            },
            ..RowsBatch::default()
        })
    }
}

/// The number in a row of [`table`].
pub(super) fn number(row: &StoredRow) -> i64 {
    match row.values.get(1) {
        Some(Value::Int(number)) => *number,
        _ => 0,
    }
}

/// What a reader of the tenant sees: streams and numbers, and the position that they are as of.
pub(super) async fn seen(
    reader: &impl AsReader,
    view: &'static str,
    tenant: &Tenant,
) -> Checked<(Vec<(String, i64)>, Position)> {
    let question = Ask { limit: Ask::MAX_LIMIT, ..Ask::rows(view) };
    let found = reader.reader().ask(tenant, &question).await?;
    let rows = found.rows.iter().map(|row| (row.key.key.to_string(), number(row))).collect();
    Ok((rows, found.position))
}

/// A group or a view.
pub(super) trait AsReader {
    fn reader(&self) -> &dyn RowReader;
}

impl AsReader for Arc<dyn RowGroup> {
    fn reader(&self) -> &dyn RowReader {
        &**self
    }
}

impl AsReader for Arc<dyn RowReader> {
    fn reader(&self) -> &dyn RowReader {
        &**self
    }
}
