//! A group that another process keeps: this one stands by, knows how far the rows have come, and takes over where it gets the lease.

use std::sync::Arc;
use std::time::{Duration, Instant};

use watershed_core::ports::{RowError, RowGroup};

use super::Control;
use super::parking::Parked;
use super::trouble::Trouble;
use super::worker::Worker;
use crate::nodes::Tenure;

/// How often it looks for what another process has folded, while the rows are behind the log.
const LOOK: Duration = Duration::from_millis(20);
/// And how often where somebody here waits for it: as long as one that keeps the rows takes for a batch.
const SOON: Duration = Duration::from_millis(2);
/// With so many looks in vain the one that keeps the rows is not about to write: it is paused, or far behind.
const PATIENT: u32 = 25;
/// And how often at least.
const IDLE: Duration = Duration::from_secs(1);

/// Said to whoever asks this process for something that only the one with the lease can do.
pub(super) fn kept_elsewhere(group: &str) -> String {
    format!(
        "another process keeps the rows of `{group}` at present: see `watershed nodes` for which one, and ask there"
    )
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
        self.begin()
    }

    /// A write was refused: somebody else has the lease.
    pub(super) fn is_overtaken(&mut self) {
        if let Some(tenure) = &self.tenure {
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
        let told = || kept_elsewhere(self.live.definition.name());
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
