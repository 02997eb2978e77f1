use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use watershed_core::Clock;
use watershed_core::ports::RowGroup;

use super::Check;
use super::drift::Drift;
use super::subject::Subject;
use crate::editions::Group;
use crate::feed::Feed;
use crate::projector::{GroupDefinition, Watchdog};

/// What all groups of a context are reconciled with.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) feed: Arc<Feed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) runtime: Handle,
    pub(crate) drift: Arc<Drift>,
    pub(crate) closing: Arc<AtomicBool>,
    pub(crate) checks: Arc<[Check]>,
    pub(crate) watchdog: Arc<Watchdog>,
}

/// Where a group's rows are.
pub(crate) enum Rows {
    /// Beside the log, written by its writer.
    Beside { definition: Arc<GroupDefinition>, store: Arc<dyn RowGroup> },
    /// In the edition that serves.
    Kept(Arc<Group>),
}

/// A group that is reconciled, whichever edition of it serves.
pub(crate) struct Watched {
    rows: Rows,
    ground: Ground,
    busy: Arc<Mutex<()>>,
    /// The edition that was looked at last.
    last: AtomicU32,
}

impl Watched {
    pub(crate) fn new(rows: Rows, ground: Ground) -> Self {
        Self { rows, ground, busy: Arc::default(), last: AtomicU32::new(0) }
    }

    /// Whether the program's version of the group has the view.
    pub(crate) fn has(&self, view: &str) -> bool {
        match &self.rows {
            Rows::Beside { definition, .. } => definition.place(view).is_some(),
            Rows::Kept(group) => group.views().any(|own| own == view),
        }
    }

    /// The rows that answer just now.
    pub(crate) fn subject(&self) -> Subject {
        let busy = self.busy.clone();
        match &self.rows {
            Rows::Beside { definition, store } => {
                Subject::new(definition.clone(), store.clone(), None, &self.ground, busy)
            }
            Rows::Kept(group) => {
                let edition = group.serving();
                let (definition, store) = (edition.definition.clone(), edition.projector.store.clone());
                let number = edition.number;
                let subject = Subject::new(definition, store, Some(edition), &self.ground, busy);
                let last = self.last.swap(number, Ordering::Relaxed);
                if last != 0 && last != number {
                    // What was wrong with the rows of another edition says nothing of these.
                    subject.views().for_each(|view| self.ground.drift.forget(view));
                }
                subject
            }
        }
    }
}
