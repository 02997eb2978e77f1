//! A group that another process keeps: this one stands by, knows how far the rows have come, and takes over where it gets the lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use watershed_core::ports::{RowError, RowGroup};

use super::parking::Parked;
use super::trouble::Trouble;
use super::worker::Worker;
use super::{Control, Projector};
use crate::nodes::Tenure;
use crate::telemetry;

/// How often it looks for what another process has folded, while the rows are behind the log.
const LOOK: Duration = Duration::from_millis(20);
/// And how often at least.
const IDLE: Duration = Duration::from_secs(1);

/// How long somebody waits for a group to be kept that nobody keeps: as a rule somebody is about to take it.
const SETTLES: Duration = Duration::from_secs(2);

/// Why a projector does not do what it is asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Declined {
    /// Another process keeps the rows.
    #[error("node `{node}` keeps the rows of `{group}`: ask that one (`watershed nodes` lists them)")]
    Elsewhere { group: &'static str, node: String },
    /// It could not.
    #[error("{0}")]
    Failed(String),
}

impl From<String> for Declined {
    fn from(problem: String) -> Self {
        Self::Failed(problem)
    }
}

impl From<Declined> for String {
    fn from(declined: Declined) -> Self {
        declined.to_string()
    }
}

impl Projector {
    /// Whether this process keeps the rows, of those that share them.
    pub(crate) fn is_kept_here(&self) -> bool {
        self.tenure.as_ref().is_none_or(|tenure| tenure.epoch().is_some())
    }

    /// The node that keeps the rows, as it was last seen; none where nobody else can, or nobody does.
    pub(crate) fn keeper(&self) -> Option<String> {
        self.tenure.as_ref()?.keeper()
    }

    /// Refuses, with who can, what only the process can do that keeps the rows. Where nobody keeps them, it waits a little.
    pub(crate) async fn check_kept_here(&self) -> Result<(), Declined> {
        let until = Instant::now() + SETTLES;
        while !self.is_kept_here() && self.keeper().is_none() && Instant::now() < until {
            tokio::time::sleep(LOOK).await;
        }
        if self.is_kept_here() { Ok(()) } else { Err(self.declined()) }
    }

    /// Who is to be asked instead.
    fn declined(&self) -> Declined {
        let group = self.definition.name();
        match self.keeper() {
            Some(node) => Declined::Elsewhere { group, node },
            None => Declined::Failed(format!("no node keeps the rows of `{group}` at present: ask again")),
        }
    }

    /// What came of something that this process was asked for. Where it has lost the rows meanwhile, that is why.
    pub(super) fn or_elsewhere<T>(&self, outcome: Result<T, String>) -> Result<T, Declined> {
        outcome
            .map_err(|problem| if self.is_kept_here() { Declined::Failed(problem) } else { self.declined() })
    }
}

impl Worker {
    /// What there is to do besides folding, where several processes share the rows; none where this one may fold.
    pub(super) fn other_than_fold(&mut self) -> Option<Option<Result<(), Trouble>>> {
        let tenure = self.tenure.clone()?;
        match (tenure.epoch(), self.epoch) {
            (Some(now), Some(mine)) if now == mine => None,
            (Some(epoch), _) => Some(self.take_over(&tenure, epoch)),
            (None, Some(_)) => {
                self.step_down();
                Some(Some(Ok(())))
            }
            (None, None) => Some(self.stand_by(&tenure)),
        }
    }

    /// Nobody who had the lease before writes any more; what they have written is where this goes on.
    fn take_over(&mut self, tenure: &Arc<Tenure>, epoch: u64) -> Option<Result<(), Trouble>> {
        let live = &mut self.live;
        match live.runtime.block_on(live.store.fence(epoch)) {
            Ok(()) => {}
            Err(RowError::Fenced) => {
                tenure.lose();
                return Some(Ok(()));
            }
            Err(error) => {
                live.progress.say("error", Some(&error.to_string()));
                std::thread::sleep(LOOK);
                return Some(Ok(()));
            }
        }
        live.models.iter_mut().for_each(|model| model.clear());
        let checkpoint = live.insist(|live| live.runtime.block_on(live.store.checkpoint()));
        match checkpoint {
            Ok(checkpoint) => live.checkpoint = checkpoint,
            Err(trouble) => return Some(Err(trouble)),
        }
        live.progress.advance(&live.checkpoint);
        self.paused = live.checkpoint.status == "paused";
        self.epoch = Some(epoch);
        tracing::info!(group = self.live.definition.name(), epoch, "this process keeps the group's rows");
        telemetry::taken_over(tenure.context(), self.live.definition.name());
        self.begin()
    }

    /// A write was refused: somebody else has the lease.
    pub(super) fn is_overtaken(&mut self) {
        if let Some(tenure) = &self.tenure {
            telemetry::overtaken(tenure.context(), self.live.definition.name());
            tenure.lose();
        }
        self.step_down();
    }

    /// What has been folded in memory and is not written is somebody else's to fold.
    fn step_down(&mut self) {
        tracing::info!(
            group = self.live.definition.name(),
            "another process keeps the group's rows from now on"
        );
        self.epoch = None;
        self.live.models.iter_mut().for_each(|model| model.clear());
        self.live.parked = Parked::default();
    }

    fn stand_by(&mut self, tenure: &Arc<Tenure>) -> Option<Result<(), Trouble>> {
        let live = &self.live;
        if let Err(error) = follow(&live.runtime, &live.store, &live.progress) {
            live.progress.say("error", Some(&error.to_string()));
        }
        let position = live.progress.position();
        let is_behind = live.feed.log().head() > position;
        let (log, controls, lease) = (live.feed.log().clone(), self.controls.clone(), tenure.clone());
        let control = live.runtime.block_on(async move {
            let mut controls = controls.lock().await;
            let until = Instant::now() + if is_behind { LOOK } else { IDLE };
            tokio::select! {
                biased;
                control = controls.recv() => Some(control),
                () = lease.taken() => None,
                _ = log.wait_past(position), if !is_behind => None,
                () = tokio::time::sleep_until(until.into()) => None,
            }
        });
        match control {
            None => Some(Ok(())),
            Some(control) => {
                let control = control?;
                // It has been asked since it got the lease.
                if let Some(epoch) = tenure.epoch()
                    && let Err(trouble) = self.take_over(tenure, epoch)?
                {
                    return Some(Err(trouble));
                }
                if self.epoch.is_some() { self.obey(control) } else { self.decline(control) }
            }
        }
    }

    /// An operator asks something of a group that is kept elsewhere.
    fn decline(&self, control: Control) -> Option<Result<(), Trouble>> {
        // Whoever asked says who is to be asked instead.
        let told = || "another process keeps the rows".to_owned();
        match control {
            Control::Close => return None,
            Control::Workers(workers) => self.live.progress.set_workers(workers),
            Control::Retry { done, .. } => drop(done.send(Err(told()))),
            Control::Skip { done, .. } => drop(done.send(Err(told()))),
            Control::Mend { done, .. } => drop(done.send(Err(told()))),
            // Whoever holds is told by the sender's end; pausing is a word in the checkpoint, which is the keeper's.
            Control::Hold { .. } | Control::Pause | Control::Resume => {}
        }
        Some(Ok(()))
    }
}

/// Looks how far another process has come.
fn follow(
    runtime: &tokio::runtime::Handle,
    store: &Arc<dyn RowGroup>,
    progress: &super::Progress,
) -> Result<(), RowError> {
    let checkpoint = runtime.block_on(store.checkpoint())?;
    if checkpoint != progress.checkpoint() {
        progress.advance(&checkpoint);
    }
    Ok(())
}
