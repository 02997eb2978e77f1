//! Tables of state held against the events that made it: before an aggregate moves on from the ones to the others.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use watershed_core::ports::{ReadFrom, Scope, StateError, StateTables, WhoseRow};
use watershed_core::write::{StateRows, StateTable, TablesSpec};
use watershed_core::{Aggregate, Event, StreamId, Tables, Tenant, Value};

use super::operate::OperateError;
use super::running::Running;
use crate::command::{LoadError, StateAt, fold};

/// How many rows, or events, are read at once.
const CHUNK: usize = 1_000;
/// So many differences are told one by one.
const TOLD: usize = 1_000;
/// How often an aggregate is looked at that somebody saves meanwhile, and how long to wait in between.
const LOOKS: u32 = 200;
const PAUSE: Duration = Duration::from_millis(1);
/// So often it must be found to differ: rows are seen a moment before the events that they were saved with.
const SURE: u32 = 3;

/// What came of holding an aggregate's tables against its events.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct TablesReport {
    /// How many aggregates were looked at: those with a row, and those with events.
    pub compared: u64,
    /// How many of them differ.
    pub differ: u64,
    /// The first thousand of these.
    pub differences: Vec<TablesDifference>,
}

/// An aggregate whose row is not what its events make.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
pub struct TablesDifference {
    /// Whose it is.
    pub tenant: String,
    /// Its id.
    pub id: String,
    /// What differs.
    pub what: Disagreement,
}

/// What is different about a row and the events.
#[derive(Debug, Clone, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Disagreement {
    /// There is a row that no event has told of: it was there before the log. An event that says what stands in it completes the
    /// stream.
    NoEvents,
    /// The events make a state that should have a row, and has none.
    NoRow,
    /// There is a row, though by the events there should be none.
    NoState,
    /// These columns of the root, and these tables of children, hold something else than the events make.
    Contents(Vec<String>),
    /// The row, or the events, cannot be read.
    Unreadable(String),
}

impl Running {
    /// Holds every aggregate's row against the fold of its events, and says where they differ. Where none does, the streams are
    /// complete, and `Storage::tables()` can give way to `Storage::snapshots(..)`. Reads the log from the beginning; everything
    /// goes on meanwhile.
    ///
    /// # Errors
    /// Where the caller may not, these stores keep no tables, or log or tables cannot be read.
    pub async fn compare_tables<A: Aggregate + Tables>(
        &self,
        principal: &watershed_core::Principal,
    ) -> Result<TablesReport, OperateError> {
        self.operate(principal, "compare-tables")?;
        let store = self.0.core.tables.clone();
        let store =
            store.ok_or_else(|| OperateError::WrongState("these stores keep no tables".to_owned()))?;
        let tables = A::spec();
        let mut whose = self.with_events(A::Event::CATEGORY).await?;
        whose.extend(with_rows(&*store, &tables).await?);
        let mut report = TablesReport { compared: 0, differ: 0, differences: Vec::new() };
        for (tenant, id) in whose {
            report.compared += 1;
            let Some(what) = self.compare::<A>(&*store, &tables, &tenant, &id).await? else { continue };
            report.differ += 1;
            if report.differences.len() < TOLD {
                let (tenant, id) = (tenant.to_string(), id.to_string());
                report.differences.push(TablesDifference { tenant, id, what });
            }
        }
        Ok(report)
    }

    /// Everybody of whom the log has an event.
    async fn with_events(&self, category: &str) -> Result<BTreeSet<WhoseRow>, OperateError> {
        let (mut whose, mut after) = (BTreeSet::new(), 0);
        loop {
            let read = ReadFrom { scope: Scope::Log, after, limit: CHUNK };
            let read = self.0.core.log.read(read).await.map_err(unavailable)?;
            for event in &read.events {
                after = event.position;
                if &*event.stream.category == category {
                    whose.insert((event.tenant.clone(), event.stream.id.clone()));
                }
            }
            if read.complete {
                return Ok(whose);
            }
        }
    }

    async fn compare<A: Aggregate + Tables>(
        &self,
        store: &dyn StateTables,
        tables: &TablesSpec,
        tenant: &Tenant,
        id: &Arc<str>,
    ) -> Result<Option<Disagreement>, OperateError> {
        let (mut found, mut differing) = (None, 0);
        for _ in 0..LOOKS {
            let looked = match self.look::<A>(store, tables, tenant, id).await {
                Ok(looked) => looked,
                Err(LoadError::State(StateError::Store(problem))) => return Err(unavailable(problem)),
                Err(LoadError::Log(error)) => return Err(unavailable(error)),
                Err(error) => Some(Some(Disagreement::Unreadable(error.to_string()))),
            };
            match looked {
                Some(None) => return Ok(None),
                Some(differs) => (found, differing) = (differs, differing + 1),
                None => {}
            }
            if differing == SURE {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(found)
    }

    /// What differs; none where somebody has saved meanwhile, so that the two are of different moments.
    async fn look<A: Aggregate + Tables>(
        &self,
        store: &dyn StateTables,
        tables: &TablesSpec,
        tenant: &Tenant,
        id: &Arc<str>,
    ) -> Result<Option<Option<Disagreement>>, LoadError> {
        let stream = StreamId { category: A::Event::CATEGORY.into(), id: id.clone() };
        let before = self.0.core.log.stream_version(tenant, &stream).await?;
        let row = match store.load(tables, tenant, id).await? {
            // As the state would write them: not as somebody else may have spelt them.
            Some(loaded) => Some(A::from_rows(loaded.rows)?.to_rows()?),
            None => None,
        };
        let start = (A::default(), 0);
        let (state, version) = fold(&self.0.core, tenant, &stream, start, StateAt::Latest).await?;
        if version != before {
            return Ok(None);
        }
        let folded = state.to_rows()?;
        Ok(Some(match row {
            Some(_) if version == 0 => Some(Disagreement::NoEvents),
            Some(row) if folded.kept => contents(tables, &row, &folded),
            Some(_) => Some(Disagreement::NoState),
            None if folded.kept && version > 0 => Some(Disagreement::NoRow),
            None => None,
        }))
    }
}

/// Everybody who has a row.
async fn with_rows(store: &dyn StateTables, tables: &TablesSpec) -> Result<Vec<WhoseRow>, OperateError> {
    let mut whose: Vec<WhoseRow> = Vec::new();
    loop {
        let last = whose.last().cloned();
        let after = last.as_ref().map(|(tenant, id)| (tenant, &**id));
        let page = store.ids(tables, after, CHUNK).await.map_err(unavailable)?;
        if page.is_empty() {
            return Ok(whose);
        }
        whose.extend(page);
    }
}

/// Where two states differ, by columns and tables of children.
fn contents(tables: &TablesSpec, row: &StateRows, folded: &StateRows) -> Option<Disagreement> {
    let columns = tables.root.columns.iter().zip(row.root.iter().zip(&folded.root));
    let columns = columns.filter(|(_, (row, folded))| row != folded);
    let mut differ: Vec<String> = columns.map(|(column, _)| column.name.to_owned()).collect();
    let children = tables.children.iter().zip(row.children.iter().zip(&folded.children));
    let children = children.filter(|(table, (rows, folded))| sorted(table, rows) != sorted(table, folded));
    differ.extend(children.map(|(table, _)| table.name.to_owned()));
    (!differ.is_empty()).then_some(Disagreement::Contents(differ))
}

/// The rows in the order of their key.
fn sorted<'a>(table: &StateTable, rows: &'a [Vec<Value>]) -> Vec<&'a Vec<Value>> {
    let key = |row: &&Vec<Value>| -> String {
        let parts: Vec<_> = table.key.iter().map(|place| row.get(*place)).collect();
        format!("{parts:?}")
    };
    let mut rows: Vec<&Vec<Value>> = rows.iter().collect();
    rows.sort_by_cached_key(key);
    rows
}

fn unavailable(problem: impl std::fmt::Display) -> OperateError {
    OperateError::Unavailable(problem.to_string())
}
