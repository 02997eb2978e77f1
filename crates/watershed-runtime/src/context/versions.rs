//! What operators see and do of a group's editions.

use serde::Serialize;
use watershed_core::{Position, Principal, Timestamp};

use super::operate::OperateError;
use super::running::Running;
use crate::editions::{EditionState, Flag, Group, SnapshotNote, Verification};
use crate::projector::RebuildProgress;

/// How one edition of a group stands.
#[derive(Debug, Clone, Serialize)]
pub struct EditionStatus {
    /// The group.
    pub group: String,
    /// The edition's number.
    pub edition: u32,
    /// The versions of its views: `family_detail 2;risk_tiers 1;`.
    pub version: String,
    /// How far it has come on its way to serving, and from there.
    pub state: EditionState,
    /// Since when.
    pub since: Timestamp,
    /// The node that keeps its rows, as it was last seen, where several processes share them.
    pub node: Option<String>,
    /// Whether this process keeps its rows.
    pub kept_here: bool,
    /// What its projector does; empty where it has none.
    pub status: String,
    /// The position up to which its rows are folded.
    pub position: Position,
    /// Events of the log that are not in its rows yet.
    pub lag_events: u64,
    /// How many of its keys are parked.
    pub parked: u64,
    /// How it is being filled.
    pub filling: Option<RebuildProgress>,
    /// When it was last found to be the same as what serves.
    pub verified: Option<Timestamp>,
    /// Whether the group is in use.
    pub flag: Flag,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Switched {
    /// The group.
    pub group: String,
    /// The edition that it was taken with.
    pub edition: u32,
}

impl Running {
    /// The editions: of the view's group, or of all.
    ///
    /// # Errors
    /// Where the caller may not know, or there is no such view.
    pub fn editions(
        &self,
        principal: &Principal,
        view: Option<&str>,
    ) -> Result<Vec<EditionStatus>, OperateError> {
        self.operate(principal, "read-views")?;
        let mut groups: Vec<&Group> = match view {
            Some(view) => vec![self.group(view)?],
            None => self.0.groups.iter().map(|group| &**group).collect(),
        };
        groups.sort_unstable_by_key(|group| group.name());
        let head = self.head();
        Ok(groups.into_iter().flat_map(|group| statuses(group, head)).collect())
    }

    /// Begins to fill a version that has been declared, with at most so many events a second.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or no version waits to be filled.
    pub async fn backfill(
        &self,
        principal: &Principal,
        view: &str,
        edition: Option<u32>,
        rate: Option<u64>,
    ) -> Result<Switched, OperateError> {
        self.operate(principal, "backfill")?;
        let group = self.group(view)?;
        Ok(switched(group, group.backfill(edition, rate).await?))
    }

    /// Holds an edition against the one that serves, row by row, and says what differs.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view or edition, it has not caught up, or a store fails.
    pub async fn verify(
        &self,
        principal: &Principal,
        view: &str,
        edition: Option<u32>,
    ) -> Result<Verification, OperateError> {
        self.operate(principal, "verify")?;
        let closed = |_| OperateError::Unavailable("the context is closed".to_owned());
        Ok(self.group(view)?.verify(edition).await?.await.map_err(closed)??)
    }

    /// [`Running::verify`], without waiting for the end: [`Running::verification`] tells how it comes on.
    ///
    /// # Errors
    /// As there, where it cannot begin.
    pub async fn begin_verification(
        &self,
        principal: &Principal,
        view: &str,
        edition: Option<u32>,
    ) -> Result<(), OperateError> {
        self.operate(principal, "verify")?;
        let _outcome = self.group(view)?.verify(edition).await?;
        Ok(())
    }

    /// The last verification of the view's group, or the one under way.
    ///
    /// # Errors
    /// Where the caller may not know, or there is no such view.
    pub fn verification(
        &self,
        principal: &Principal,
        view: &str,
    ) -> Result<Option<Verification>, OperateError> {
        self.operate(principal, "read-views")?;
        Ok(self.group(view)?.verification())
    }

    /// Has a verified edition answer, in place of the one that does.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or the edition is unverified, verified too long ago, or behind.
    pub async fn cutover(
        &self,
        principal: &Principal,
        view: &str,
        edition: Option<u32>,
    ) -> Result<Switched, OperateError> {
        self.operate(principal, "cutover")?;
        let group = self.group(view)?;
        Ok(switched(group, group.cutover(edition).await?))
    }

    /// Has the edition that served before the last cutover answer again.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or nothing can be rolled back to.
    pub async fn rollback(
        &self,
        principal: &Principal,
        view: &str,
        edition: Option<u32>,
    ) -> Result<Switched, OperateError> {
        self.operate(principal, "rollback")?;
        let group = self.group(view)?;
        Ok(switched(group, group.rollback(edition).await?))
    }

    /// Removes an edition that does not serve.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or the edition serves.
    pub async fn retire(
        &self,
        principal: &Principal,
        view: &str,
        edition: Option<u32>,
    ) -> Result<Switched, OperateError> {
        self.operate(principal, "retire")?;
        let group = self.group(view)?;
        Ok(switched(group, group.retire(edition).await?))
    }

    /// Saves the rows that serve under that name, with their position.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or a store fails.
    pub async fn save(
        &self,
        principal: &Principal,
        view: &str,
        name: &str,
    ) -> Result<SnapshotNote, OperateError> {
        self.operate(principal, "save")?;
        Ok(self.group(view)?.save(name).await?)
    }

    /// Makes an edition of rows that were saved, perhaps elsewhere, which catches up from where they stand.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view or snapshot, it is of another log, view or version, or a store fails.
    pub async fn restore(
        &self,
        principal: &Principal,
        view: &str,
        name: &str,
    ) -> Result<Switched, OperateError> {
        self.operate(principal, "restore")?;
        let group = self.group(view)?;
        Ok(switched(group, group.restore(name).await?))
    }

    /// Puts the view's group in use, or out of it. It stays so across restarts.
    ///
    /// # Errors
    /// Where the caller may not, or there is no such view.
    pub async fn set_flag(&self, principal: &Principal, view: &str, flag: Flag) -> Result<(), OperateError> {
        self.operate(principal, "set-flag")?;
        Ok(self.group(view)?.set_flag(flag).await?)
    }
}

fn switched(group: &Group, edition: u32) -> Switched {
    Switched { group: group.name().to_owned(), edition }
}

fn statuses(group: &Group, head: Position) -> Vec<EditionStatus> {
    let record = group.seen();
    let status = |edition: &crate::editions::EditionRecord| {
        let kept = group.edition(edition.number);
        let checkpoint = kept.as_ref().map(|kept| kept.projector.progress.checkpoint()).unwrap_or_default();
        let parked = kept.as_ref().map_or(0, |kept| {
            (0..kept.definition.models.len()).map(|model| kept.projector.progress.parked(model)).sum()
        });
        EditionStatus {
            group: group.name().to_owned(),
            edition: edition.number,
            version: edition.version.clone(),
            state: group.shown_state(edition),
            since: edition.since,
            node: kept.as_ref().and_then(|kept| kept.projector.keeper()),
            kept_here: kept.as_ref().is_some_and(|kept| kept.projector.is_kept_here()),
            status: checkpoint.status,
            position: checkpoint.position,
            lag_events: head.saturating_sub(checkpoint.position),
            parked,
            filling: kept.and_then(|kept| kept.projector.progress.rebuild()),
            verified: edition.passed.as_ref().map(|passed| passed.at),
            flag: record.flag,
        }
    };
    record.editions.iter().map(status).collect()
}
