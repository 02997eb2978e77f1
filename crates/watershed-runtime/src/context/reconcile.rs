//! Rows held against the log, and put right, at an operator's wish.

use watershed_core::ports::RowKey;
use watershed_core::{Key, Principal, Tenant};

use super::operate::OperateError;
use super::running::Running;
use crate::projector::{Mended, Pace};
use crate::reconcile::{
    EventRange, Report, Subject, ViewDrift, mend_keys, mend_what_is_known, offline, refold_range, sample,
    shares_for,
};

/// What of a group's rows is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAt {
    /// Everything, as of one moment, as fast as it goes.
    Everything,
    /// About so many rows of each read model.
    Sample(u64),
}

impl Running {
    /// Holds the rows of the view's group against the log, and says where they differ. Everything goes on meanwhile.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view or nothing to hold it against, or log or store cannot be read.
    pub async fn reconcile(
        &self,
        principal: &Principal,
        view: &str,
        what: LookAt,
    ) -> Result<Report, OperateError> {
        self.operate(principal, "reconcile")?;
        let (subject, _) = self.subject(view)?;
        let seed = u64::try_from(self.0.fetch.clock.now().as_micros()).unwrap_or(0);
        blocking(subject, move |subject| match what {
            LookAt::Everything => offline(subject),
            LookAt::Sample(keys) => {
                let shares = shares_for(keys, subject.rows()?, seed);
                sample(subject, &shares, true, &mut Pace::free()).map(|(report, _)| report)
            }
        })
        .await
    }

    /// What is known of rows that are not what they should be: of one view, or of all that have been looked at.
    ///
    /// # Errors
    /// Where the caller may not know, or there is no such view.
    pub fn drift(&self, principal: &Principal, view: Option<&str>) -> Result<Vec<ViewDrift>, OperateError> {
        self.operate(principal, "read-drift")?;
        if let Some(view) = view {
            let (subject, table) = self.subject(view)?;
            return Ok(subject.views().nth(table).map(|view| self.0.drift.of(view)).into_iter().collect());
        }
        let subjects = self.0.watched.iter().map(|group| group.subject());
        let views = subjects.flat_map(|subject| subject.views().collect::<Vec<_>>());
        let mut all: Vec<ViewDrift> = views.map(|view| self.0.drift.of(view)).collect();
        all.sort_unstable_by(|left, right| left.view.cmp(&right.view));
        Ok(all)
    }

    /// How many rows of a view are known not to be what they should be.
    #[must_use]
    pub fn drift_count(&self, view: &str) -> u64 {
        self.0.views.get(view).map_or(0, |view| self.0.drift.count(view.name))
    }

    /// Puts everything right that is known to be wrong in the view's group.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or log or store cannot be read or written.
    pub async fn repair(&self, principal: &Principal, view: &str) -> Result<Mended, OperateError> {
        self.operate(principal, "repair")?;
        let (subject, _) = self.kept_subject(view).await?;
        blocking(subject, mend_what_is_known).await
    }

    /// Folds one row again from the first event of its key, and puts it in place of the stored one; with the rollups over it,
    /// where it was wrong. Of a rollup: makes its groups anew of the rows. A parked key's events are tried again.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or log or store cannot be read or written.
    pub async fn rebuild_key(
        &self,
        principal: &Principal,
        view: &str,
        tenant: &Tenant,
        key: &str,
    ) -> Result<Mended, OperateError> {
        self.operate(principal, "rebuild")?;
        let (subject, table) = self.kept_subject(view).await?;
        let key = RowKey { tenant: tenant.clone(), key: Key::from(key) };
        blocking(subject, move |subject| {
            let is_rollup = table >= subject.definition.models.len();
            let keys = if is_rollup { Vec::new() } else { vec![(table, key)] };
            mend_keys(subject, keys, is_rollup)
        })
        .await
    }

    /// Folds every row of the view's group again that an event of the range concerns, some thousand rows at a time; the group
    /// goes on folding what comes in between.
    ///
    /// # Errors
    /// Where the caller may not, there is no such view, or log or store cannot be read or written.
    pub async fn rebuild_range(
        &self,
        principal: &Principal,
        view: &str,
        range: EventRange,
    ) -> Result<Mended, OperateError> {
        self.operate(principal, "rebuild")?;
        let (subject, _) = self.kept_subject(view).await?;
        blocking(subject, move |subject| refold_range(subject, range)).await
    }

    /// The same as [`Running::subject`], once this process may write the rows.
    async fn kept_subject(&self, view: &str) -> Result<(Subject, usize), OperateError> {
        let subject = self.subject(view)?;
        match self.group(view) {
            // The log's writer keeps them, in every process.
            Err(OperateError::WrongState(_)) => {}
            group => group?.serving().projector.keep_here().await?,
        }
        Ok(subject)
    }

    /// The group that a view is in, and the place of its table.
    fn subject(&self, view: &str) -> Result<(Subject, usize), OperateError> {
        if !self.0.views.contains_key(view) {
            return Err(OperateError::UnknownView(view.to_owned()));
        }
        let mut subjects = self.0.watched.iter().map(|group| group.subject());
        let found = subjects.find_map(|subject| subject.table(view).map(|table| (subject, table)));
        found.ok_or_else(|| {
            OperateError::WrongState(format!(
                "`{view}` is a SELECT over other tables: it has no rows of its own"
            ))
        })
    }
}

/// Does what takes a while on a thread that may be kept so long.
async fn blocking<T: Send + 'static>(
    subject: Subject,
    work: impl FnOnce(&Subject) -> Result<T, String> + Send + 'static,
) -> Result<T, OperateError> {
    let done = tokio::task::spawn_blocking(move || work(&subject)).await;
    done.unwrap_or_else(|_| Err("it ended in a panic".to_owned())).map_err(OperateError::Unavailable)
}
