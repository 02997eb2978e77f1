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
/// And how often where somebody here waits for it: as long as one that keeps the rows takes for a batch.
const SOON: Duration = Duration::from_millis(2);
/// With so many looks in vain the one that keeps the rows is not about to write: it is paused, or far behind.
const PATIENT: u32 = 25;
/// And how often at least.
const IDLE: Duration = Duration::from_secs(1);

/// Why a projector does not do what it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Declined {
    /// Another process keeps the rows, and they are not had from it.
    #[error(
        "node `{node}` keeps the rows of `{group}`, and they are not had from it: ask that one (with `--server` or `--data`; \
         `watershed nodes` says who keeps what)"
    )]
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

    /// Has this process keep the rows, because what it is asked only whoever keeps them can do. Says whom to ask where it does not come
    /// to that.
    pub(crate) async fn keep_here(&self) -> Result<(), Declined> {
        let Some(tenure) = &self.tenure else { return Ok(()) };
        match tenure.insist().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.declined()),
            Err(error) => {
                let group = self.definition.name();
                Err(Declined::Failed(format!("the rows of `{group}` cannot be had to keep: {error}")))
            }
        }
    }

    /// Refuses, with whom to ask, where this process never comes to keep the rows: it is a guest among others.
    pub(crate) async fn check_may_keep(&self) -> Result<(), Declined> {
        match &self.tenure {
            Some(tenure) if tenure.is_guests() => self.keep_here().await,
            _ => Ok(()),
        }
    }

    /// How many keys of a read model are parked, whoever keeps the rows.
    pub(crate) async fn parked(&self, model: usize) -> Result<u64, RowError> {
        if self.is_kept_here() {
            return Ok(self.progress.parked(model));
        }
        let parked = self.store.parked().await?;
        Ok(parked.iter().filter(|parked| parked.table == model).count() as u64)
    }

    /// Who is to be asked instead.
    fn declined(&self) -> Declined {
        let group = self.definition.name();
        match self.tenure.as_ref().and_then(|tenure| tenure.other_keeper()) {
            Some(node) => Declined::Elsewhere { group, node },
            None => Declined::Failed(format!("nobody keeps the rows of `{group}` at present: try again")),
        }
    }

    /// What came of something that this process was asked for. Where it has lost the rows meanwhile, that is why.
    pub(super) fn or_elsewhere<T>(&self, outcome: Result<T, String>) -> Result<T, Declined> {
        outcome
            .map_err(|problem| if self.is_kept_here() { Declined::Failed(problem) } else { self.declined() })
    }
}

/// Why whoever stands by looks again.
enum Woken {
    Control(Option<Control>),
    /// Something is about to come, or somebody has begun to wait for it.
    Soon,
    Later,
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
        self.live.progress.is_elsewhere();
    }

    fn stand_by(&mut self, tenure: &Arc<Tenure>) -> Option<Result<(), Trouble>> {
        let live = &self.live;
        let before = live.progress.position();
        if let Err(error) = follow(&live.runtime, &live.store, &live.progress) {
            live.progress.say("error", Some(&error.to_string()));
        }
        let position = live.progress.position();
        self.in_vain = if position > before { 0 } else { self.in_vain.saturating_add(1) };
        let is_behind = live.feed.log().head() > position;
        let pause = match is_behind {
            true if live.progress.is_awaited() && self.in_vain < PATIENT => SOON,
            true => LOOK,
            false => IDLE,
        };
        let (log, controls, tenure) = (live.feed.log().clone(), self.controls.clone(), tenure.clone());
        let progress = live.progress.clone();
        let woken = live.runtime.block_on(async move {
            let mut controls = controls.lock().await;
            let until = Instant::now() + pause;
            tokio::select! {
                biased;
                control = controls.recv() => Woken::Control(control),
                () = tenure.taken() => Woken::Later,
                _ = log.wait_past(position), if !is_behind => Woken::Soon,
                () = progress.awaited(), if pause == LOOK => Woken::Soon,
                () = tokio::time::sleep_until(until.into()) => Woken::Later,
            }
        });
        match woken {
            Woken::Control(control) => return self.obey_or_decline(control?),
            Woken::Soon => self.in_vain = 0,
            Woken::Later => {}
        }
        Some(Ok(()))
    }

    /// Whoever asks may have had the lease taken for it just now.
    fn obey_or_decline(&mut self, control: Control) -> Option<Result<(), Trouble>> {
        let taken = self.tenure.clone().and_then(|tenure| tenure.epoch().map(|epoch| (tenure, epoch)));
        if let Some((tenure, epoch)) = taken {
            match self.take_over(&tenure, epoch)? {
                Ok(()) if self.epoch.is_some() => return self.obey(control),
                Ok(()) => {}
                Err(trouble) => return Some(Err(trouble)),
            }
        }
        self.decline(control)
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
