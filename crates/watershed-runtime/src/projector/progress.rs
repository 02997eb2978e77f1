use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::{Notify, watch};
use watershed_core::ports::Checkpoint;
use watershed_core::{Position, Timestamp};

/// How a rebuild is coming on.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RebuildProgress {
    /// Events passed, over all passes.
    pub done: u64,
    /// Events to pass, as far as is known: each further pass that memory makes necessary adds to it.
    pub total: u64,
    /// Events of the log folded in a second, so far.
    pub events_per_second: u64,
    /// About how many bytes the rows took in memory, at most.
    pub memory: u64,
    /// The bound that they are held to.
    pub memory_bound: u64,
}

/// What a group is doing, for everybody who asks.
pub(crate) struct Progress {
    /// And whether it comes any further: not once the projector is closed.
    position: watch::Sender<(Position, bool)>,
    /// Somebody has begun to wait for a position.
    awaited: Notify,
    /// How often something has been written, and whether anything more is going to be.
    writes: watch::Sender<(u64, bool)>,
    state: Mutex<State>,
    /// How many workers fold the group.
    workers: AtomicU16,
}

#[derive(Default, Clone)]
struct State {
    checkpoint: Checkpoint,
    parked: Vec<u64>,
    rebuild: Option<RebuildProgress>,
    last_rebuild: Option<RebuildProgress>,
    deleted_until: Option<Timestamp>,
}

impl Progress {
    pub(crate) fn new(checkpoint: Checkpoint) -> Arc<Self> {
        let position = watch::Sender::new((checkpoint.position, true));
        let writes = watch::Sender::new((0, true));
        let state = Mutex::new(State { checkpoint, ..State::default() });
        Arc::new(Self { position, awaited: Notify::new(), writes, state, workers: AtomicU16::new(1) })
    }

    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The position up to which the rows are folded.
    pub(crate) fn position(&self) -> Position {
        self.position.borrow().0
    }

    /// Answers once the rows have come past `position`; `None` where the projector is closed before.
    pub(crate) async fn past(&self, position: Position) -> Option<Position> {
        let mut position_now = self.position.subscribe();
        self.awaited.notify_one();
        let seen = position_now.wait_for(|(now, goes_on)| *now > position || !goes_on).await.ok()?;
        Some(seen.0).filter(|now| *now > position)
    }

    /// Whether anybody waits for the rows to come further.
    pub(super) fn is_awaited(&self) -> bool {
        self.position.receiver_count() > 0
    }

    /// Answers once somebody has begun to wait.
    pub(super) async fn awaited(&self) {
        self.awaited.notified().await;
    }

    /// Nothing is folded any more.
    pub(crate) fn close(&self) {
        self.position.send_modify(|(_, goes_on)| *goes_on = false);
        self.writes.send_modify(|(_, goes_on)| *goes_on = false);
    }

    /// The rows and the checkpoint are written.
    pub(crate) fn advance(&self, checkpoint: &Checkpoint) {
        self.with(|state| state.checkpoint = checkpoint.clone());
        self.position.send_modify(|(position, _)| *position = checkpoint.position);
        self.wrote();
    }

    /// Rows have been written, whether the position has moved or not; or others are to be read in their place.
    pub(crate) fn wrote(&self) {
        self.writes.send_modify(|(count, _)| *count += 1);
    }

    /// What tells of writes from now on; and, where it says `false`, that there are none any more.
    pub(crate) fn writes(&self) -> watch::Receiver<(u64, bool)> {
        self.writes.subscribe()
    }

    pub(crate) fn checkpoint(&self) -> Checkpoint {
        self.with(|state| state.checkpoint.clone())
    }

    /// Says what the group is doing, without having written it.
    pub(crate) fn say(&self, status: &str, error: Option<&str>) {
        self.with(|state| {
            state.checkpoint.status = status.to_owned();
            if let Some(error) = error {
                state.checkpoint.last_error = Some(error.to_owned());
            }
        });
    }

    /// How many keys of each table are parked.
    pub(crate) fn parked(&self, table: usize) -> u64 {
        self.with(|state| state.parked.get(table).copied().unwrap_or(0))
    }

    pub(crate) fn set_parked(&self, parked: Vec<u64>) {
        self.with(|state| state.parked = parked);
    }

    /// How many workers fold the group.
    pub(crate) fn workers(&self) -> u16 {
        self.workers.load(Ordering::Relaxed)
    }

    pub(crate) fn set_workers(&self, workers: u16) {
        self.workers.store(workers, Ordering::Relaxed);
    }

    /// Rows that were past their age at that time have been deleted.
    pub(crate) fn set_deleted_until(&self, time: Timestamp) {
        self.with(|state| state.deleted_until = Some(time));
    }

    /// When rows that are past their age were last deleted; none where that has not been since the start.
    pub(crate) fn deleted_until(&self) -> Option<Timestamp> {
        self.with(|state| state.deleted_until)
    }

    /// Another process keeps the rows: what only whoever does knows is not known here any more.
    pub(super) fn is_elsewhere(&self) {
        self.with(|state| {
            state.parked.clear();
            state.rebuild = None;
            state.deleted_until = None;
        });
    }

    pub(crate) fn rebuild(&self) -> Option<RebuildProgress> {
        self.with(|state| state.rebuild.clone())
    }

    /// The progress of the last rebuild that has finished.
    pub(crate) fn last_rebuild(&self) -> Option<RebuildProgress> {
        self.with(|state| state.last_rebuild.clone())
    }

    pub(crate) fn set_rebuild(&self, progress: Option<RebuildProgress>) {
        self.with(|state| {
            if progress.is_none() && state.rebuild.is_some() {
                state.last_rebuild = state.rebuild.take();
            } else if state
                .rebuild
                .as_ref()
                .zip(progress.as_ref())
                .is_none_or(|(before, now)| before.done <= now.done)
            {
                // Several workers say it, and not always in the order in which they have counted.
                state.rebuild = progress;
            }
        });
    }
}
