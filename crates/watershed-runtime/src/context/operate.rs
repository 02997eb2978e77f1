//! What operators see and do.

use std::sync::Arc;

use serde::Serialize;
use watershed_core::ports::{Checkpoint, RowError, RowKey};
use watershed_core::{Access, Action, Denied, Key, Position, Principal, Tenant, Timestamp};

use super::catalogue::ViewKind;
use super::running::Running;
use super::views::RunningView;
use crate::editions::{Edition, Group, SwitchError};
use crate::projector::{Age, Control, Declined, MOST_WORKERS, Place, RebuildProgress, Retried};
use crate::query::Stand;

/// Why an operator's wish was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OperateError {
    /// No view bears that name.
    #[error("there is no view `{0}`")]
    UnknownView(String),
    /// The view's group has no edition of that number.
    #[error("there is no edition {0}: `views versions` lists them")]
    NoEdition(u32),
    /// The authorizer says no.
    #[error("not allowed: {0}")]
    Denied(Denied),
    /// The key is not parked.
    #[error("the key `{0}` is not parked")]
    NotParked(String),
    /// The key is parked on another event than the one that was named.
    #[error("the key is parked on event {position} by now: look at that one first")]
    Moved {
        /// This one.
        position: Position,
    },
    /// What is wished for is none of what can be.
    #[error("`{field}`: {problem}")]
    Malformed {
        /// What of it.
        field: &'static str,
        /// What is wrong with it, and what can be.
        problem: String,
    },
    /// What is wished for does not fit what the view is doing.
    #[error("{0}")]
    WrongState(String),
    /// Another of the processes that share the rows keeps those of the view's group, and this one does not get them: that one can do it.
    #[error("{}", Declined::Elsewhere { group, node: node.clone() })]
    KeptElsewhere {
        /// The group.
        group: &'static str,
        /// Its name.
        node: String,
    },
    /// The file of a view's rows is damaged: trying again does not help.
    #[error("{0}")]
    DamagedView(String),
    /// A store failed, or the context is closed.
    #[error("{0}")]
    Unavailable(String),
}

impl From<RowError> for OperateError {
    fn from(error: RowError) -> Self {
        match error {
            RowError::Damaged(problem) => Self::DamagedView(problem),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl From<Declined> for OperateError {
    fn from(declined: Declined) -> Self {
        match declined {
            Declined::Elsewhere { group, node } => Self::KeptElsewhere { group, node },
            Declined::Failed(problem) => Self::Unavailable(problem),
        }
    }
}

impl From<SwitchError> for OperateError {
    fn from(error: SwitchError) -> Self {
        match error {
            SwitchError::Failed(problem) => Self::Unavailable(problem),
            SwitchError::NoEdition(number) => Self::NoEdition(number),
            SwitchError::WrongState(problem) => Self::WrongState(problem),
            SwitchError::KeptElsewhere { group, node } => Self::KeptElsewhere { group, node },
        }
    }
}

/// How a view is doing.
#[derive(Debug, Clone, Serialize)]
pub struct ViewStatus {
    /// The view.
    pub name: String,
    /// The group that it is folded in: those of one group share a checkpoint.
    pub group: String,
    /// What it is made of.
    pub kind: ViewKind,
    /// The number of its fold.
    pub version: u32,
    /// Who answers for it.
    pub owner: String,
    /// Its freshness class.
    pub freshness: String,
    /// The lag beyond which its promise is broken, in milliseconds.
    pub bound_ms: u64,
    /// How rows that are wrong are made right, as the contract has it.
    pub rebuild_strategy: String,
    /// `running`, `rebuilding`, `paused`, `stopped` or `error`.
    pub status: String,
    /// The position up to which its rows are folded.
    pub position: Position,
    /// The log's last position.
    pub head: Position,
    /// Events of the log that are not in its rows yet.
    pub lag_events: u64,
    /// How long the oldest of them has stood in the log, in milliseconds.
    pub lag_ms: u64,
    /// Whether the lag is within the bound.
    pub within_bound: bool,
    /// How many of its keys are parked.
    pub parked: u64,
    /// The node that keeps its rows, as it was last seen, where several processes share them.
    pub node: Option<String>,
    /// How many workers fold its group; none for a view that is always current.
    pub workers: Option<u16>,
    /// How many of its rows are known not to be what they should be.
    pub drift: u64,
    /// Since when the longest of them.
    pub drift_since: Option<Timestamp>,
    /// When its rows were last held against the log since the start.
    pub looked_at: Option<Timestamp>,
    /// When rows that are past their age were last deleted since the start; none where rows are kept for ever.
    pub deleted_until: Option<Timestamp>,
    /// Whether rows that are past their age are deleted in time.
    pub keeps_retention: bool,
    /// Whether it keeps what its contract promises: it goes on, its lag is within the bound, no key is parked, no row is known to
    /// be wrong, and none is kept for longer than it may be.
    pub keeps_contract: bool,
    /// The checkpoint.
    pub checkpoint: CheckpointView,
    /// How a rebuild is coming on, where one is under way.
    pub rebuild: Option<RebuildProgress>,
    /// How the last rebuild since the start went.
    pub last_rebuild: Option<RebuildProgress>,
}

/// A checkpoint, as operators see it.
#[derive(Debug, Clone, Serialize)]
pub struct CheckpointView {
    /// The group.
    pub projection_name: String,
    /// The id of the last event that was folded.
    pub last_event_id: Option<String>,
    /// Its version in its stream.
    pub last_event_version: u64,
    /// When it was recorded.
    pub last_event_timestamp: Option<Timestamp>,
    /// How many events have been folded.
    pub events_processed: u64,
    /// What the group is doing.
    pub status: String,
    /// The last failure.
    pub last_error: Option<String>,
    /// When the checkpoint was written.
    pub updated_date: Option<Timestamp>,
}

/// A group's checkpoint, with the views that stand on it.
#[derive(Debug, Clone, Serialize)]
pub struct GroupCheckpoint {
    /// The checkpoint.
    #[serde(flatten)]
    pub checkpoint: CheckpointView,
    /// The group's read models and rollups, by name.
    pub views: Vec<String>,
}

impl CheckpointView {
    fn of(group: &str, checkpoint: Checkpoint) -> Self {
        Self {
            projection_name: group.to_owned(),
            last_event_id: checkpoint.event_id.map(|id| id.to_string()),
            last_event_version: checkpoint.event_version,
            last_event_timestamp: checkpoint.event_time,
            events_processed: checkpoint.events_processed,
            status: checkpoint.status,
            last_error: checkpoint.last_error,
            updated_date: checkpoint.updated_at,
        }
    }
}

/// A parked key.
#[derive(Debug, Clone, Serialize)]
pub struct ParkedEntry {
    /// The view.
    pub view: String,
    /// Whose row it is.
    pub tenant: String,
    /// The row's key.
    pub key: String,
    /// The position of the event that failed.
    pub position: Position,
    /// How many events wait, the failed one included.
    pub waiting: usize,
    /// What went wrong.
    pub error: String,
    /// Equal for failures of one cause.
    pub fingerprint: String,
    /// When it was parked.
    pub since: Timestamp,
    /// How often the event has been tried.
    pub attempts: u32,
}

/// What became of keys that were parked for one cause.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RetriedCause {
    /// So many are parked no more.
    pub released: u64,
    /// So many failed again.
    pub still_parked: u64,
}

impl Running {
    pub(super) fn operate(&self, principal: &Principal, name: &str) -> Result<(), OperateError> {
        let access = Access { principal, action: Action::Operate { name }, state: None };
        self.0.core.authorizer.authorize(&access).map_err(OperateError::Denied)
    }

    /// The group that keeps a view.
    pub(super) fn group(&self, view: &str) -> Result<&Arc<Group>, OperateError> {
        let found = self.0.views.get(view).ok_or_else(|| OperateError::UnknownView(view.to_owned()))?;
        match &found.stand {
            Stand::Kept { group } => Ok(group),
            Stand::Current { .. } => {
                Err(OperateError::WrongState(format!("`{view}` is always current: no projector keeps it")))
            }
        }
    }

    /// The same, once this process keeps the group's rows.
    pub(super) async fn kept_group(&self, view: &str) -> Result<&Arc<Group>, OperateError> {
        let group = self.group(view)?;
        group.serving().projector.keep_here().await?;
        Ok(group)
    }

    /// The group of a view, where this process can have a rebuild serve once it is there.
    async fn group_to_rebuild(&self, view: &str) -> Result<&Arc<Group>, OperateError> {
        let group = self.group(view)?;
        group.serving().projector.check_may_keep().await?;
        Ok(group)
    }

    /// How every view is doing, by name.
    ///
    /// # Errors
    /// Where the caller may not know.
    pub async fn views(&self, principal: &Principal) -> Result<Vec<ViewStatus>, OperateError> {
        self.operate(principal, "read-views")?;
        let mut all = Vec::with_capacity(self.0.views.len());
        for view in self.0.views.values() {
            all.push(self.status(view).await?);
        }
        all.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        Ok(all)
    }

    /// The checkpoints, one for each group that a projector keeps, by the group's name. What is kept in the log's own database
    /// has none: it is always where the log is.
    ///
    /// # Errors
    /// Where the caller may not know.
    pub fn checkpoints(&self, principal: &Principal) -> Result<Vec<GroupCheckpoint>, OperateError> {
        self.operate(principal, "read-views")?;
        let groups = self.0.groups.iter().map(|group| {
            let mut views: Vec<String> = group.views().map(str::to_owned).collect();
            views.sort_unstable();
            let checkpoint = group.serving().projector.progress.checkpoint();
            GroupCheckpoint { checkpoint: CheckpointView::of(group.name(), checkpoint), views }
        });
        let mut groups: Vec<_> = groups.collect();
        groups.sort_unstable_by(|left, right| {
            left.checkpoint.projection_name.cmp(&right.checkpoint.projection_name)
        });
        Ok(groups)
    }

    pub(super) async fn status(&self, view: &RunningView) -> Result<ViewStatus, OperateError> {
        let head = self.head();
        let contract = view.promise.contract;
        let (mut deleted_until, mut node) = (None, None);
        let (group, checkpoint, parked, workers, rebuild, last_rebuild) = match &view.stand {
            Stand::Current { .. } => {
                let current =
                    Checkpoint { position: head, status: "running".to_owned(), ..Checkpoint::default() };
                ("log", current, 0, None, None, None)
            }
            Stand::Kept { group } => {
                let serving = group.serving();
                let progress = &serving.projector.progress;
                let model = serving.place(view.name).and_then(Place::model);
                deleted_until = progress.deleted_until();
                node = serving.projector.keeper();
                (
                    group.name(),
                    progress.checkpoint(),
                    match model {
                        Some(model) => serving.projector.parked(model).await?,
                        None => 0,
                    },
                    Some(progress.workers()),
                    group.rebuild_progress(),
                    progress.last_rebuild(),
                )
            }
        };
        let position = checkpoint.position;
        let lag =
            self.0.fetch.lag(position).await.map_err(|error| OperateError::Unavailable(error.to_string()))?;
        let drift = self.0.drift.brief(view.name);
        let within_bound = lag <= contract.freshness.bound() && checkpoint.status != "stopped";
        let keeps_retention = Age::of(&contract).is_none_or(|age| match deleted_until {
            Some(until) => age.is_in_time(until, self.0.fetch.clock.now()),
            // It has just begun, unless it does not go on at all.
            None => !matches!(checkpoint.status.as_str(), "paused" | "stopped"),
        });
        Ok(ViewStatus {
            keeps_contract: within_bound
                && checkpoint.status != "error"
                && parked == 0
                && drift.drift == 0
                && keeps_retention,
            keeps_retention,
            deleted_until,
            drift: drift.drift,
            drift_since: drift.since,
            looked_at: drift.last.map(|last| last.at),
            name: view.name.to_owned(),
            group: group.to_owned(),
            kind: view.kind,
            version: view.promise.version,
            owner: contract.owner.to_owned(),
            freshness: contract.freshness.class().to_owned(),
            bound_ms: millis(contract.freshness.bound()),
            rebuild_strategy: contract.rebuild.to_string(),
            status: checkpoint.status.clone(),
            position,
            head,
            lag_events: head.saturating_sub(position),
            lag_ms: millis(lag),
            within_bound,
            parked,
            node,
            workers,
            checkpoint: CheckpointView::of(group, checkpoint),
            rebuild,
            last_rebuild,
        })
    }

    /// The parked keys: of one view, or of all.
    ///
    /// # Errors
    /// Where the caller may not know, there is no such view, or a store fails.
    pub async fn parked(
        &self,
        principal: &Principal,
        view: Option<&str>,
    ) -> Result<Vec<ParkedEntry>, OperateError> {
        self.operate(principal, "read-parked")?;
        if let Some(view) = view {
            self.group(view)?;
        }
        let mut all = Vec::new();
        for group in &self.0.groups {
            let edition = group.serving();
            let parked = edition.projector.store.parked().await?;
            all.extend(parked.into_iter().map(|parked| ParkedEntry {
                view: edition.definition.models.get(parked.table).map_or("", |model| model.name).to_owned(),
                tenant: parked.key.tenant.to_string(),
                key: parked.key.key.to_string(),
                position: parked.position,
                waiting: parked.waiting.len(),
                error: parked.error,
                fingerprint: parked.fingerprint,
                since: parked.since,
                attempts: parked.attempts,
            }));
        }
        all.retain(|entry| view.is_none_or(|view| entry.view == view));
        Ok(all)
    }

    /// Tries a parked key's events again, in their order.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or the key is not parked.
    pub async fn retry_parked(
        &self,
        principal: &Principal,
        view: &str,
        tenant: &Tenant,
        key: &str,
    ) -> Result<Retried, OperateError> {
        self.operate(principal, "retry-parked")?;
        let (table, row, edition) = self.parked_row(view, tenant, key)?;
        let keys = vec![row];
        let retried = edition.projector.request(|done| Control::Retry { table, keys, done }).await;
        retried_or(retried.map(|retried| retried.into_iter().next().unwrap_or(Retried::NotParked)), key)
    }

    /// Tries the events of every key of a view that is parked for one cause, in their order: what was mended for one is mended
    /// for all.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or no key of it is parked for that cause.
    pub async fn retry_cause(
        &self,
        principal: &Principal,
        view: &str,
        fingerprint: &str,
    ) -> Result<RetriedCause, OperateError> {
        self.operate(principal, "retry-parked")?;
        let parked = self.parked(principal, Some(view)).await?;
        let of_cause = parked.iter().filter(|entry| entry.fingerprint == fingerprint);
        // A tenant that no tenant can be has no key that is parked.
        let keys: Vec<RowKey> = of_cause
            .filter_map(|entry| {
                Some(RowKey { tenant: Tenant::new(&entry.tenant)?, key: Key::from(&entry.key) })
            })
            .collect();
        let mut outcome = RetriedCause::default();
        if let Some(first) = keys.first() {
            let (table, _, edition) = self.parked_row(view, &first.tenant, first.key.as_str())?;
            let retried = edition.projector.request(|done| Control::Retry { table, keys, done }).await;
            for retried in retried? {
                match retried {
                    Retried::Released { .. } => outcome.released += 1,
                    Retried::StillParked { .. } => outcome.still_parked += 1,
                    // Somebody else was faster.
                    Retried::NotParked | Retried::Moved { .. } => {}
                }
            }
        }
        if outcome == RetriedCause::default() {
            return Err(OperateError::NotParked(format!("of the cause {fingerprint}")));
        }
        Ok(outcome)
    }

    /// Passes over the event that a key is parked on, and tries what waits behind it. Only if it is still parked on the event at
    /// `position`: so nobody passes over an event that they have not seen.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or the key is not parked, or on another event.
    pub async fn skip_parked(
        &self,
        principal: &Principal,
        view: &str,
        tenant: &Tenant,
        key: &str,
        position: Position,
    ) -> Result<Retried, OperateError> {
        self.operate(principal, "skip-parked")?;
        let (table, row, edition) = self.parked_row(view, tenant, key)?;
        let retried =
            edition.projector.request(|done| Control::Skip { table, key: row, position, done }).await;
        retried_or(retried, key)
    }

    fn parked_row(
        &self,
        view: &str,
        tenant: &Tenant,
        key: &str,
    ) -> Result<(usize, RowKey, Arc<Edition>), OperateError> {
        let edition = self.group(view)?.serving();
        let Some(table) = edition.place(view).and_then(Place::model) else {
            return Err(OperateError::WrongState(format!(
                "`{view}` is a rollup: the keys of its read model are parked"
            )));
        };
        Ok((table, RowKey { tenant: tenant.clone(), key: Key::from(key) }, edition))
    }

    /// Stops folding the view's group. It stays so across restarts, until it is resumed.
    ///
    /// # Errors
    /// Where the caller may not, or there is no such view.
    pub async fn pause(&self, principal: &Principal, view: &str) -> Result<(), OperateError> {
        self.operate(principal, "pause")?;
        self.kept_group(view).await?.serving().projector.tell(Control::Pause);
        Ok(())
    }

    /// Goes on folding the view's group, after a pause or a stop.
    ///
    /// # Errors
    /// Where the caller may not, or there is no such view.
    pub async fn resume(&self, principal: &Principal, view: &str) -> Result<(), OperateError> {
        self.operate(principal, "resume")?;
        self.kept_group(view).await?.serving().projector.tell(Control::Resume);
        Ok(())
    }

    /// Folds the view's group with so many workers from its next batch on: 1 to 16, each with a part of the keys, so that the
    /// events of a key stay in their order. Nothing is folded again. It stays so across restarts, until something else is said;
    /// the number that the program says ([`super::Context::workers`]) gives it back to the program to say.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, it is always current, the number is out of range, or the group is of several
    /// read models, which look at each other's rows: one worker folds such a group.
    pub async fn set_workers(
        &self,
        principal: &Principal,
        view: &str,
        workers: u16,
    ) -> Result<(), OperateError> {
        self.operate(principal, "set-workers")?;
        let group = self.group(view)?;
        if !(1..=MOST_WORKERS).contains(&workers) {
            let problem = format!("a view is folded by 1 to {MOST_WORKERS} workers");
            return Err(OperateError::Malformed { field: "workers", problem });
        }
        Ok(group.set_workers(workers).await?)
    }

    /// Begins to build the rows of the view's group anew, from the log. The old rows answer until the new ones take their place.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or a rebuild is under way.
    pub async fn rebuild(&self, principal: &Principal, view: &str) -> Result<(), OperateError> {
        self.operate(principal, "rebuild")?;
        let _rebuilding = self.group_to_rebuild(view).await?.rebuild().await?;
        Ok(())
    }

    /// [`Running::rebuild`], and waits until it is done.
    ///
    /// # Errors
    /// As there, and where the rebuild fails: the old rows stay.
    pub async fn rebuild_and_wait(
        &self,
        principal: &Principal,
        view: &str,
    ) -> Result<RebuildProgress, OperateError> {
        self.operate(principal, "rebuild")?;
        let closed = |_| OperateError::Unavailable("the context is closed".to_owned());
        Ok(self.group_to_rebuild(view).await?.rebuild().await?.await.map_err(closed)??)
    }
}

fn retried_or(retried: Result<Retried, Declined>, key: &str) -> Result<Retried, OperateError> {
    match retried {
        Ok(Retried::NotParked) => Err(OperateError::NotParked(key.to_owned())),
        Ok(Retried::Moved { position }) => Err(OperateError::Moved { position }),
        Ok(done) => Ok(done),
        Err(declined) => Err(declined.into()),
    }
}

pub(super) fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
