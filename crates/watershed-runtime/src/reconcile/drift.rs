//! What is known of rows that are not what they should be.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use watershed_core::ports::RowKey;
use watershed_core::{Position, Timestamp};

use super::finding::{DriftKind, Finding};
use crate::projector::FieldDrift;

/// So many rows of a view are listed; the others are counted.
const LISTED: usize = 1_000;

/// A row that is not what it should be.
#[derive(Debug, Clone, Serialize)]
pub struct DriftEntry {
    /// The view.
    pub view: String,
    /// Whose row it is.
    pub tenant: String,
    /// The row's key.
    pub key: String,
    /// In which way.
    pub kind: DriftKind,
    /// The check that does not hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// The fields that differ.
    pub fields: Vec<FieldDrift>,
    /// What is wrong, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// When it was first seen to be so.
    pub since: Timestamp,
    /// When it was last seen to be so.
    pub seen: Timestamp,
    /// The position at which it was last compared.
    pub position: Position,
}

/// When a view was last looked at, and how.
#[derive(Debug, Clone, Serialize)]
pub struct LastLook {
    /// When it ended.
    pub at: Timestamp,
    /// `offline` or `sample`.
    pub how: &'static str,
    /// The position at which rows and log were compared.
    pub position: Position,
    /// How many rows were looked at.
    pub rows: u64,
}

/// What is known of one view.
#[derive(Debug, Clone, Serialize)]
pub struct ViewDrift {
    /// The view.
    pub view: String,
    /// How many rows of it are known not to be what they should be.
    pub drift: u64,
    /// Since when the longest of them.
    pub since: Option<Timestamp>,
    /// When it was last looked at since the start.
    pub last: Option<LastLook>,
    /// The rows, the first thousand of them.
    pub rows: Vec<DriftEntry>,
}

/// A row, or a row and a check that does not hold for it.
type Place = (RowKey, Option<&'static str>);

#[derive(Default)]
struct OfView {
    rows: BTreeMap<Place, DriftEntry>,
    more: u64,
    last: Option<LastLook>,
}

/// What is known of all views of a context.
#[derive(Default)]
pub(crate) struct Drift(Mutex<BTreeMap<&'static str, OfView>>);

impl Drift {
    fn with<T>(&self, view: &'static str, change: impl FnOnce(&mut OfView) -> T) -> T {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(views.entry(view).or_default())
    }

    /// Nothing is known of the view any more.
    pub(crate) fn forget(&self, view: &'static str) {
        self.with(view, |known| *known = OfView::default());
    }

    /// Takes in what a look at a view has found, at `now`. Rows that it has looked at and found in order are forgotten.
    pub(crate) fn settle(
        &self,
        view: &'static str,
        looked_at: impl Fn(&RowKey) -> bool,
        found: Vec<Finding>,
        last: Option<LastLook>,
        (now, position): (Timestamp, Position),
    ) {
        self.with(view, |known| {
            let (before, others) =
                std::mem::take(&mut known.rows).into_iter().partition(|((key, _), _)| looked_at(key));
            let before: BTreeMap<Place, DriftEntry> = before;
            known.rows = others;
            if last.is_some() {
                known.more = 0;
            }
            for finding in found {
                let place = (finding.key.clone(), finding.check);
                let since = before.get(&place).map_or(now, |entry| entry.since);
                if known.rows.len() >= LISTED && !known.rows.contains_key(&place) {
                    known.more += 1;
                    continue;
                }
                let entry = DriftEntry {
                    view: view.to_owned(),
                    tenant: finding.key.tenant.to_string(),
                    key: finding.key.key.to_string(),
                    kind: finding.kind,
                    check: finding.check.map(str::to_owned),
                    fields: finding.fields,
                    problem: finding.problem,
                    since,
                    seen: now,
                    position,
                };
                known.rows.insert(place, entry);
            }
            known.last = last.or_else(|| known.last.take());
        });
    }

    /// These rows of a view have been put right. What checks say of them is for the next look to say again.
    pub(crate) fn mended(&self, view: &'static str, rows: impl Fn(&RowKey) -> bool) {
        self.with(view, |known| {
            known.rows.retain(|(key, _), entry| entry.kind == DriftKind::Check || !rows(key));
        });
    }

    /// The keys of a view's rows that are known to differ, and can be mended.
    pub(crate) fn keys(&self, view: &'static str) -> Vec<RowKey> {
        let mendable =
            |((key, _), entry): (&Place, &DriftEntry)| (entry.kind != DriftKind::Check).then(|| key.clone());
        self.with(view, |known| known.rows.iter().filter_map(mendable).collect())
    }

    /// Whether more rows are known to differ than are listed.
    pub(crate) fn is_more(&self, view: &'static str) -> bool {
        self.with(view, |known| known.more > 0)
    }

    /// How many rows of a view are known to differ.
    pub(crate) fn count(&self, view: &'static str) -> u64 {
        self.with(view, |known| known.rows.len() as u64 + known.more)
    }

    /// What is known of a view, without its rows.
    pub(crate) fn brief(&self, view: &'static str) -> ViewDrift {
        self.with(view, |known| known.told(view))
    }

    /// What is known of a view.
    pub(crate) fn of(&self, view: &'static str) -> ViewDrift {
        self.with(view, |known| ViewDrift {
            rows: known.rows.values().cloned().collect(),
            ..known.told(view)
        })
    }
}

impl OfView {
    fn told(&self, view: &str) -> ViewDrift {
        ViewDrift {
            view: view.to_owned(),
            drift: self.rows.len() as u64 + self.more,
            since: self.rows.values().map(|entry| entry.since).min(),
            last: self.last.clone(),
            rows: Vec::new(),
        }
    }
}
