use watershed_core::ports::{Later, RowChange, RowError, RowKey, RowWriter, RowsBatch, StoredRow};
use watershed_core::{ColumnKind, Decimal, Tenant, Value};

use super::faults::Fault;
use super::fixture::{FaultyGroup, of_one};
use super::mistakes::unescaped;

impl RowWriter for FaultyGroup {
    fn write<'a>(&'a self, batch: &'a RowsBatch) -> Later<'a, Result<(), RowError>> {
        Box::pin(async move {
            let mut batch = batch.clone();
            for (table, changes) in &mut batch.changes {
                self.change(*table, changes);
            }
            match self.fault {
                Fault::NoUnpark => batch.unpark.clear(),
                Fault::AnyCheckpoint => batch.only_at = None,
                Fault::Piecemeal => return self.piecemeal(batch).await,
                Fault::JournalsFirst => self.journal_first(&batch).await?,
                _ => {}
            }
            self.group.write(&batch).await
        })
    }
}

impl FaultyGroup {
    fn change(&self, table: usize, changes: &mut Vec<RowChange>) {
        match self.fault {
            Fault::NoDelete => changes.retain(|change| matches!(change, RowChange::Put(_))),
            Fault::FewChanges => changes.truncate(1_000),
            _ => {}
        }
        for change in changes {
            match change {
                RowChange::Put(row) => self.put(table, row),
                RowChange::Delete(key) => self.rekey(key),
            }
        }
    }

    pub(super) fn rekey(&self, key: &mut RowKey) {
        match self.fault {
            Fault::OneTenant => key.tenant = Tenant::default(),
            Fault::JoinsKeys => key.key = unescaped(&key.key),
            _ => {}
        }
    }

    fn put(&self, table: usize, row: &mut StoredRow) {
        self.rekey(&mut row.key);
        match self.fault {
            Fault::NoRevision => row.revision = 1,
            Fault::ShowsHidden => row.shown = true,
            _ => {}
        }
        let Some(spec) = self.spec.tables.get(table) else { return };
        for (value, column) in row.values.iter_mut().zip(spec.columns.iter()) {
            self.keep_otherwise(value, column.kind, &column.name);
        }
    }

    fn keep_otherwise(&self, value: &mut Value, kind: ColumnKind, name: &str) {
        match (self.fault, &value) {
            (Fault::LosesScale, Value::Decimal(number)) => {
                let text = number.to_string();
                let short =
                    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
                *value = Value::Decimal(short.parse().unwrap_or(Decimal::ZERO));
            }
            (Fault::ZeroForEmpty, Value::Null) if kind == ColumnKind::Int => *value = Value::Int(0),
            (Fault::TrimsTexts, Value::Text(text)) => *value = Value::Text(text.trim().into()),
            (Fault::SwapsPositions, Value::Int(number)) if name.contains("position") => {
                *value = Value::Int(number + 1);
            }
            _ => {}
        }
    }

    /// Has the first table's changes in the journal before the batch is written.
    async fn journal_first(&self, batch: &RowsBatch) -> Result<(), RowError> {
        let before = self.group.checkpoint().await?;
        match batch.changes.first() {
            Some((table, changes)) => self.group.write(&of_one(*table, changes.clone(), &before)).await,
            None => Ok(()),
        }
    }

    /// Each part in a transaction of its own.
    async fn piecemeal(&self, batch: RowsBatch) -> Result<(), RowError> {
        let before = self.group.checkpoint().await?;
        for (table, changes) in batch.changes {
            self.group.write(&of_one(table, changes, &before)).await?;
        }
        let rest = RowsBatch { changes: Vec::new(), ..batch };
        self.group.write(&rest).await
    }
}
