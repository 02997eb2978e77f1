//! A running group: the seat of the thread that folds it, and what others hold of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot, watch};
use watershed_core::ports::{Checkpoint, RowGroup};
use watershed_core::{Clock, Position};

use super::elsewhere::Declined;
use super::live::{Footing, Live};
use super::refold::{Mended, Refold};
use super::stuck::{StuckFold, Watchdog, end_process, is_enough};
use super::worker::{Controls, Filling, Worker};
use super::{Control, GroupDefinition, Progress};
use crate::editions::Held;
use crate::feed::Feed;
use crate::nodes::Tenure;

/// How often somebody who waits for something that nobody announces looks again.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// How often somebody who waits for rows that another process folds looks at them; and how long rows of this process are waited
/// for before it is looked whether they still are.
const LOOK_ELSEWHERE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(200));
/// How long the process waits, before it ends, for the key to be parked that it ends for.
const TO_PARK: Duration = Duration::from_secs(10);

/// A running group.
pub(crate) struct Projector {
    pub(crate) definition: Arc<GroupDefinition>,
    pub(crate) store: Arc<dyn RowGroup>,
    pub(crate) progress: Arc<Progress>,
    pub(super) tenure: Option<Arc<Tenure>>,
    control: mpsc::UnboundedSender<Control>,
    seat: Arc<Seat>,
}

/// What a thread needs that folds the group.
struct Seat {
    footing: Footing,
    progress: Arc<Progress>,
    closing: Arc<AtomicBool>,
    controls: Controls,
    filling: Filling,
    tenure: Option<Arc<Tenure>>,
    watchdog: Arc<Watchdog>,
    taken: Mutex<Option<JoinHandle<()>>>,
    /// How often a thread was given up, and another one has its place.
    relieved: watch::Sender<u32>,
}

impl Projector {
    /// Starts the group's thread.
    pub(crate) async fn start(
        definition: Arc<GroupDefinition>,
        store: Arc<dyn RowGroup>,
        feed: Arc<Feed>,
        clock: Arc<dyn Clock>,
        watchdog: Arc<Watchdog>,
        filling: Filling,
        tenure: Option<Arc<Tenure>>,
    ) -> Result<Self, String> {
        let checkpoint = store.checkpoint().await.map_err(|error| error.to_string())?;
        if checkpoint.position > feed.log().head() {
            return Err(format!(
                "the rows of `{}` are at position {}, beyond the log's end at {}: the log was restored from an older copy. \
                 Delete the view's file, and it is built again",
                definition.name(),
                checkpoint.position,
                feed.log().head()
            ));
        }
        let progress = Progress::new(checkpoint.clone());
        let (control, controls) = mpsc::unbounded_channel();
        let seat = Arc::new(Seat {
            footing: Footing {
                definition: definition.clone(),
                store: store.clone(),
                feed,
                clock,
                runtime: Handle::current(),
            },
            progress: progress.clone(),
            closing: Arc::default(),
            controls: Arc::new(tokio::sync::Mutex::new(controls)),
            filling,
            tenure: tenure.clone(),
            watchdog,
            taken: Mutex::default(),
            relieved: watch::Sender::new(0),
        });
        seat.begin(checkpoint)?;
        Ok(Self { definition, store, progress, tenure, control, seat })
    }

    /// Answers once the rows have come past `position`, whoever folds them; `None` where the projector is closed before.
    pub(crate) async fn past(&self, position: Position) -> Option<Position> {
        loop {
            if self.is_kept_here() {
                if self.tenure.is_none() {
                    return self.progress.past(position).await;
                }
                // The lease may be lost meanwhile.
                let past = tokio::time::timeout(LOOK_ELSEWHERE.1, self.progress.past(position)).await;
                if let Ok(past) = past {
                    return past;
                }
                continue;
            }
            match self.store.checkpoint().await {
                Ok(checkpoint) if checkpoint.position > position => {
                    self.progress.advance(&checkpoint);
                    return Some(checkpoint.position);
                }
                _ => tokio::time::sleep(LOOK_ELSEWHERE.0).await,
            }
        }
    }

    pub(crate) fn tell(&self, control: Control) {
        // A worker that is gone has been closed: nothing is left to tell it.
        let _ = self.control.send(control);
    }

    /// Asks the worker something, and waits for what it says.
    pub(crate) async fn request<T>(
        &self,
        control: impl FnOnce(oneshot::Sender<Result<T, String>>) -> Control,
    ) -> Result<T, Declined> {
        self.keep_here().await?;
        let (done, answer) = oneshot::channel();
        let mut relief = self.relief();
        self.tell(control(done));
        self.or_elsewhere(relief.or_answer(answer).await.flatten())
    }

    /// Has the group stand still after its present batch, until what is given is dropped.
    ///
    /// # Errors
    /// Where it does not come to that: others are not kept waiting for a group whose store cannot be written.
    pub(crate) async fn hold(&self) -> Result<Held, Declined> {
        self.keep_here().await?;
        let (at, held) = oneshot::channel();
        let (sender, orders) = std::sync::mpsc::channel();
        let mut patience = Patience { relief: self.relief(), limit: self.seat.watchdog.limit() * 2 };
        self.tell(Control::Hold { at, orders });
        let position = self.or_elsewhere(patience.or_answer(held).await)?;
        Ok(Held::new(position, sender, patience))
    }

    /// Has the worker put a refold's rows in place of the stored ones, and waits for it. Not for threads that may not block.
    pub(crate) fn mend(&self, refold: Refold, rollups: bool) -> Result<Mended, Declined> {
        let runtime = &self.seat.footing.runtime;
        runtime.block_on(self.keep_here())?;
        let (done, answer) = oneshot::channel();
        let mut relief = self.relief();
        self.tell(Control::Mend { refold: Box::new(refold), rollups, done });
        self.or_elsewhere(runtime.block_on(relief.or_answer(answer)).flatten())
    }

    fn relief(&self) -> Relief {
        Relief(self.seat.relieved.subscribe())
    }

    /// Ends the thread after its present batch, and waits for it.
    pub(crate) fn close(&self) {
        self.seat.closing.store(true, Ordering::Relaxed);
        self.tell(Control::Close);
        if let Some(thread) = self.seat.ended()
            && thread.join().is_err()
        {
            tracing::error!(group = self.definition.name(), "the projector's thread ended in a panic");
        }
        self.progress.close();
    }
}

impl Seat {
    fn taken(&self) -> MutexGuard<'_, Option<JoinHandle<()>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread, once it has come to its end; none where it was closed before, or hangs and is given up.
    fn ended(&self) -> Option<JoinHandle<()>> {
        loop {
            let mut taken = self.taken();
            if taken.as_ref().is_none_or(JoinHandle::is_finished) {
                return taken.take();
            }
            drop(taken);
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Has a thread take the seat.
    fn begin(self: &Arc<Self>, checkpoint: Checkpoint) -> Result<(), String> {
        let mut live = Live::on(self.footing.clone(), self.progress.clone(), checkpoint);
        live.closing = self.closing.clone();
        if let Filling::InBulk { rate } = self.filling {
            live.rate = rate;
        }
        let is_new = matches!(self.filling, Filling::InBulk { .. });
        let worker = Worker::new(live, self.controls.clone(), is_new, self.tenure.clone());
        let (seat, given_up) = (Arc::downgrade(self), *self.relieved.borrow());
        let turn = self.watchdog.turn(move |fold| {
            // Gone where nobody has the group any more.
            if let Some(seat) = Weak::upgrade(&seat) {
                seat.relieve(given_up, fold);
            }
        });
        let thread = std::thread::Builder::new().name(format!("ws-{}", self.footing.definition.name()));
        let work = move || {
            let _inside = turn.enter();
            worker.run();
        };
        *self.taken() = Some(thread.spawn(work).map_err(|error| error.to_string())?);
        Ok(())
    }

    /// Gives the thread up that hangs, the one after so many others, and has another one take its place.
    fn relieve(self: &Arc<Self>, given_up: u32, fold: StuckFold) {
        let view = self.footing.definition.is_stuck(fold);
        let limit = self.watchdog.limit();
        let position = fold.position;
        tracing::error!(
            view,
            position,
            ?limit,
            "a fold does not return: its thread is given up, and the key parked"
        );
        // One of several threads that work for one seat, and another one was given up before.
        if *self.relieved.borrow() != given_up {
            return;
        }
        self.taken().take();
        if !self.closing.load(Ordering::Relaxed) {
            self.relieved.send_modify(|times| *times += 1);
            let begun = self
                .footing
                .runtime
                .block_on(self.footing.store.checkpoint())
                .map_err(|error| error.to_string());
            if let Err(problem) = begun.and_then(|checkpoint| self.begin(checkpoint)) {
                end_process(&format!("nobody takes the place of a thread of `{view}` that hangs: {problem}"));
            }
        }
        if is_enough(fold) {
            self.wait_until_parked(fold);
            end_process(&format!(
                "folds have not returned for {limit:?} too often, now that of `{view}` at event {position}. The keys are \
                 parked: see `watershed parked list`. Mend the fold before you retry them"
            ));
        }
    }

    fn wait_until_parked(&self, fold: StuckFold) {
        let since = std::time::Instant::now();
        while self.progress.position() < fold.position && since.elapsed() < TO_PARK {
            std::thread::sleep(LOOK_AGAIN);
        }
    }
}

/// Whether a group's thread was given up, for whoever waits for its answer.
pub(crate) struct Relief(watch::Receiver<u32>);

impl Relief {
    /// What is answered; an error where nobody is there any more who could.
    pub(crate) async fn or_answer<T>(&mut self, answer: oneshot::Receiver<T>) -> Result<T, String> {
        tokio::select! {
            biased;
            answer = answer => answer.map_err(|_| "the projector is closed".to_owned()),
            _ = self.0.changed() => {
                Err("a fold of the group did not return, and its thread was given up meanwhile: see which key is parked, \
                     and try again"
                    .to_owned())
            }
        }
    }
}

/// How long to wait for a group that is to do a small thing next.
pub(crate) struct Patience {
    relief: Relief,
    limit: Duration,
}

impl Patience {
    /// What is answered; an error where nobody is there any more who could, or does in time.
    pub(crate) async fn or_answer<T>(&mut self, answer: oneshot::Receiver<T>) -> Result<T, String> {
        let answered = tokio::time::timeout(self.limit, self.relief.or_answer(answer)).await;
        answered.unwrap_or_else(|_| {
            Err(format!(
                "the group does not come to a stand within {:?}: see `views` for what keeps it, and try again",
                self.limit
            ))
        })
    }
}
