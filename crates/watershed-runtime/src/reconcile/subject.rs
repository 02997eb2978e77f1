use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use watershed_core::ports::{RowGroup, RowKey, StoredRow};
use watershed_core::{Clock, Position, Predicate, TableSpec};

use super::drift::{Drift, LastLook};
use super::finding::Finding;
use super::watched::Ground;
use super::{Check, Report};
use crate::editions::Edition;
use crate::feed::Feed;
use crate::projector::{GroupDefinition, Inside, Mended, Pace, ParkedRow, Refold, Watchdog, mend_beside};

/// The rows of a group that answer just now, as reconciliation sees them.
pub(crate) struct Subject {
    pub(crate) definition: Arc<GroupDefinition>,
    pub(crate) store: Arc<dyn RowGroup>,
    /// Whose projector writes the rows; none where it is the log's writer.
    edition: Option<Arc<Edition>>,
    pub(crate) feed: Arc<Feed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Handle,
    pub(crate) drift: Arc<Drift>,
    pub(crate) closing: Arc<AtomicBool>,
    watchdog: Arc<Watchdog>,
    /// By the place of the table.
    pub(super) tables: Vec<Table>,
    /// Looks at one group come one after the other: they would only be in each other's way.
    busy: Arc<Mutex<()>>,
}

/// Nobody else looks at the group, and folds that do not return are noticed.
pub(super) struct Alone<'a> {
    _inside: Inside,
    _busy: MutexGuard<'a, ()>,
}

/// One table of a group.
pub(super) struct Table {
    pub(super) view: &'static str,
    pub(super) spec: TableSpec,
    pub(super) is_personal: bool,
    pub(super) checks: Vec<Check>,
}

impl Subject {
    pub(super) fn new(
        definition: Arc<GroupDefinition>,
        store: Arc<dyn RowGroup>,
        edition: Option<Arc<Edition>>,
        ground: &Ground,
        busy: Arc<Mutex<()>>,
    ) -> Self {
        // What is said of the present version's rows does not hold for those of an earlier one.
        let checks = if definition.shown_as.is_empty() { &*ground.checks } else { &[] };
        let own = |view: &str| checks.iter().filter(|check| check.view == view).cloned().collect();
        let models = definition.models.iter().map(|model| {
            let (view, spec, is_personal) = (model.name, model.table.clone(), model.contract.personal);
            Table { view, spec, is_personal, checks: own(view) }
        });
        let rollups = definition.models.iter().flat_map(|model| {
            model.rollups.iter().map(|(view, _, spec)| Table {
                view,
                spec: spec.clone(),
                is_personal: model.contract.personal,
                checks: own(view),
            })
        });
        Self {
            tables: models.chain(rollups).collect(),
            definition,
            store,
            edition,
            feed: ground.feed.clone(),
            clock: ground.clock.clone(),
            runtime: ground.runtime.clone(),
            drift: ground.drift.clone(),
            closing: ground.closing.clone(),
            watchdog: ground.watchdog.clone(),
            busy,
        }
    }

    /// Looks at the group alone, for as long as this is held.
    pub(super) fn alone(&self) -> Alone<'_> {
        let busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = self.watchdog.turn_or_end(self.definition.name(), "while rows were folded again");
        Alone { _inside: turn.enter(), _busy: busy }
    }

    pub(super) fn spec(&self, table: usize) -> &TableSpec {
        &self.tables[table].spec
    }

    pub(super) fn is_personal(&self, table: usize) -> bool {
        self.tables[table].is_personal
    }

    /// The place of the view's table.
    pub(crate) fn table(&self, view: &str) -> Option<usize> {
        self.tables.iter().position(|table| table.view == view)
    }

    /// The group's views.
    pub(crate) fn views(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.tables.iter().map(|table| table.view)
    }

    /// How far the stored rows have come.
    pub(super) fn position(&self) -> Result<Position, String> {
        match &self.edition {
            Some(edition) => Ok(edition.projector.progress.position()),
            None => {
                let checkpoint = self.runtime.block_on(self.store.checkpoint());
                checkpoint.map(|checkpoint| checkpoint.position).map_err(|error| error.to_string())
            }
        }
    }

    /// How many rows the largest read model has.
    pub(crate) fn rows(&self) -> Result<u64, String> {
        let mut most = 0;
        for table in 0..self.definition.models.len() {
            let (mut rows, mut after) = (0, None);
            loop {
                let page = self.store.scan(table, &Predicate::All, after.as_ref(), 2_000);
                let page = self.runtime.block_on(page).map_err(|error| error.to_string())?;
                rows += page.len() as u64;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
            }
            most = most.max(rows);
        }
        Ok(most)
    }

    /// What the checks find wrong with a row.
    pub(super) fn checked(&self, table: usize, row: &StoredRow, found: &mut Vec<Finding>) {
        for check in &self.tables[table].checks {
            let problem = check.problem(row);
            found.extend(problem.map(|problem| Finding::check(table, row.key.clone(), check.name, problem)));
        }
    }

    /// Brings a refold to where the rows are, or nearly so: what is left to be folded is little.
    pub(super) fn catch_up(&self, refold: &mut Refold, pace: &mut Pace) -> Result<(), String> {
        /// So many events are left to whoever has the rows in hand.
        const LITTLE: u64 = 256;
        for _ in 0..8 {
            let position = self.position()?;
            if position.saturating_sub(refold.position()) <= LITTLE && refold.position() > 0 {
                break;
            }
            refold.advance(&self.feed, &self.runtime, position, pace)?;
        }
        Ok(())
    }

    /// Puts a refold's rows in place of the stored ones.
    pub(super) fn mend(&self, mut refold: Refold, rollups: bool) -> Result<Mended, String> {
        match &self.edition {
            Some(edition) => Ok(edition.projector.mend(refold, rollups)?),
            None => mend_beside(&mut refold, &self.store, &self.feed, &self.runtime, rollups),
        }
    }

    /// Takes in what was found, table by table.
    pub(super) fn settle(
        &self,
        looked_at: &dyn Fn(&ParkedRow) -> bool,
        mut found: Vec<Finding>,
        last: &dyn Fn(usize) -> Option<LastLook>,
        position: Position,
    ) {
        let now = self.clock.now();
        for (place, table) in self.tables.iter().enumerate() {
            let of_table: Vec<Finding> = found.extract_if(.., |finding| finding.table == place).collect();
            let looked_at = |key: &RowKey| looked_at(&(place, key.clone()));
            self.drift.settle(table.view, looked_at, of_table, last(place), (now, position));
        }
    }

    /// What is known of the group's views, as a report.
    pub(super) fn report(
        &self,
        how: &'static str,
        (position, events, rows): (Position, u64, u64),
        took: std::time::Duration,
    ) -> Report {
        let views: Vec<_> = self.views().map(|view| self.drift.of(view)).collect();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rate to look at"
        )]
        let events_per_second = (events as f64 / took.as_secs_f64().max(1e-6)) as u64;
        Report {
            group: self.definition.name().to_owned(),
            how,
            position,
            events,
            rows,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            events_per_second,
            drift: views.iter().map(|view| view.drift).sum(),
            views,
        }
    }
}
