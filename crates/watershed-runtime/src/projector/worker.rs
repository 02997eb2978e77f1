use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use watershed_core::Clock;
use watershed_core::ports::RowGroup;

use super::live::{Live, Trouble};
use super::model::panic_text;
use super::parking::{Parked, ParkedRow};
use super::priority::lower_priority;
use super::rebuild::rebuild;
use super::refold::{Mended, Refold};
use super::{Control, GroupDefinition, Progress, Retried};
use crate::editions::{Held, Order};
use crate::feed::Feed;

/// Behind by so many events, with nothing folded yet, a group is filled in bulk instead of batch by batch.
const FILL_IN_BULK: u64 = 20_000;
/// How long a group that could not read the log waits before it tries again.
const READ_AGAIN: Duration = Duration::from_millis(500);

/// How tables are filled that hold nothing yet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Filling {
    /// They are read from the beginning: in bulk where they are far behind.
    WhenFarBehind,
    /// Nobody reads them yet: in bulk, with at most so many events a second.
    InBulk { rate: Option<u64> },
}

/// A running group: what others hold of it.
pub(crate) struct Projector {
    pub(crate) definition: Arc<GroupDefinition>,
    pub(crate) store: Arc<dyn RowGroup>,
    pub(crate) progress: Arc<Progress>,
    control: mpsc::UnboundedSender<Control>,
    closing: Arc<AtomicBool>,
    thread: std::sync::Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Projector {
    /// Starts the group's thread.
    pub(crate) async fn start(
        definition: Arc<GroupDefinition>,
        store: Arc<dyn RowGroup>,
        feed: Arc<Feed>,
        clock: Arc<dyn Clock>,
        filling: Filling,
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
        let closing = Arc::new(AtomicBool::new(false));
        let (control, controls) = mpsc::unbounded_channel();
        let paused = checkpoint.status == "paused";
        let live = Live {
            models: definition.make_models(),
            definition: definition.clone(),
            store: store.clone(),
            feed,
            clock,
            runtime: Handle::current(),
            parked: Parked::default(),
            checkpoint,
            progress: progress.clone(),
            closing: closing.clone(),
            rate: match filling {
                Filling::InBulk { rate } => rate,
                Filling::WhenFarBehind => None,
            },
            pool: None,
        };
        let worker = Worker { live, controls, paused, is_new: matches!(filling, Filling::InBulk { .. }) };
        let thread = std::thread::Builder::new()
            .name(format!("ws-{}", definition.name()))
            .spawn(move || worker.run())
            .map_err(|error| error.to_string())?;
        Ok(Self {
            definition,
            store,
            progress,
            control,
            closing,
            thread: std::sync::Mutex::new(Some(thread)),
        })
    }

    pub(crate) fn tell(&self, control: Control) {
        // A worker that is gone has been closed: nothing is left to tell it.
        let _ = self.control.send(control);
    }

    /// Asks the worker something, and waits for what it says.
    pub(crate) async fn request(
        &self,
        control: impl FnOnce(oneshot::Sender<Result<Retried, String>>) -> Control,
    ) -> Result<Retried, String> {
        let (done, answer) = oneshot::channel();
        self.tell(control(done));
        answer.await.unwrap_or_else(|_| Err("the projector is closed".to_owned()))
    }

    /// Has the group stand still after its present batch, until what is given is dropped.
    pub(crate) async fn hold(&self) -> Result<Held, String> {
        let (at, held) = oneshot::channel();
        let (sender, orders) = std::sync::mpsc::channel();
        self.tell(Control::Hold { at, orders });
        let position = held.await.map_err(|_| "the projector is closed".to_owned())?;
        Ok(Held::new(position, sender))
    }

    /// Has the worker put a refold's rows in place of the stored ones, and waits for it. Not for threads that may not block.
    pub(crate) fn mend(&self, refold: Refold, rollups: bool) -> Result<Mended, String> {
        let (done, answer) = oneshot::channel();
        self.tell(Control::Mend { refold: Box::new(refold), rollups, done });
        answer.blocking_recv().unwrap_or_else(|_| Err("the projector is closed".to_owned()))
    }

    /// Ends the thread after its present batch, and waits for it.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        self.tell(Control::Close);
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!(group = self.definition.name(), "the projector's thread ended in a panic");
        }
        self.progress.close();
    }
}

/// Folds a group up to the log's head, on the calling thread, which must be one that may block. For inline groups, which the log
/// folds from then on.
pub(crate) fn bring_up(
    definition: &Arc<GroupDefinition>,
    store: &Arc<dyn RowGroup>,
    feed: &Arc<Feed>,
    clock: &Arc<dyn Clock>,
    runtime: &Handle,
) -> Result<u64, String> {
    let checkpoint = runtime.block_on(store.checkpoint()).map_err(|error| error.to_string())?;
    let mut live = Live {
        models: definition.make_models(),
        definition: definition.clone(),
        store: store.clone(),
        feed: feed.clone(),
        clock: clock.clone(),
        runtime: runtime.clone(),
        parked: Parked::default(),
        progress: Progress::new(checkpoint.clone()),
        checkpoint,
        closing: Arc::default(),
        rate: None,
        pool: None,
    };
    let head = feed.log().head();
    if live.position() == 0 && head > FILL_IN_BULK {
        rebuild(&mut live)?;
    }
    while live.position() < head {
        let position = live.position();
        let batch = runtime.block_on(feed.after(position)).map_err(|error| error.to_string())?;
        live.take(batch.after(position)).map_err(|trouble| trouble.to_string())?;
    }
    if !live.parked.is_empty() {
        return Err(format!("`{}` cannot take event {}", definition.name(), live.parked.first_position()));
    }
    Ok(live.checkpoint.events_processed)
}

struct Worker {
    live: Live,
    controls: mpsc::UnboundedReceiver<Control>,
    paused: bool,
    /// Nobody reads the rows yet: they are filled in bulk, however many there are.
    is_new: bool,
}

/// What the worker turns to next.
enum Next {
    Control(Option<Control>),
    Log,
    Retry,
}

impl Worker {
    fn run(mut self) {
        if let Err(trouble) = self.live.load() {
            self.stop(&trouble);
        }
        let behind = self.live.feed.log().head().saturating_sub(self.live.position());
        if self.live.position() == 0 && (self.is_new || behind > FILL_IN_BULK) && !self.paused {
            self.fill();
        }
        while let Some(done) = self.contained_turn() {
            match done {
                Ok(()) => {}
                // What has been folded in memory was not written: nothing may be folded on top of it.
                Err(Trouble::Closing) => break,
                Err(trouble) => self.stop(&trouble),
            }
        }
    }

    /// One step. A panic outside of a fold (where a row says whether it is shown, say) stops the group, and not its thread.
    fn contained_turn(&mut self) -> Option<Result<(), Trouble>> {
        let turn = std::panic::AssertUnwindSafe(|| self.turn());
        std::panic::catch_unwind(turn).unwrap_or_else(|panic| Some(Err(Trouble::Stop(panic_text(&*panic)))))
    }

    /// One step; `None` to end.
    fn turn(&mut self) -> Option<Result<(), Trouble>> {
        if let Ok(control) = self.controls.try_recv() {
            return self.obey(control);
        }
        if self.paused {
            let control = self.controls.blocking_recv()?;
            return self.obey(control);
        }
        let position = self.live.position();
        if self.live.feed.log().head() > position {
            return Some(self.fold_next());
        }
        match self.wait(position) {
            Next::Control(control) => self.obey(control?),
            Next::Log => Some(Ok(())),
            Next::Retry => Some(self.retry_due()),
        }
    }

    fn wait(&mut self, position: u64) -> Next {
        let retry = self.live.parked.next_retry();
        let log = self.live.feed.log().clone();
        let controls = &mut self.controls;
        self.live.runtime.block_on(async move {
            let retry = async {
                match retry {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                control = controls.recv() => Next::Control(control),
                _ = log.wait_past(position) => Next::Log,
                () = retry => Next::Retry,
            }
        })
    }

    fn fold_next(&mut self) -> Result<(), Trouble> {
        let position = self.live.position();
        let feed = self.live.feed.clone();
        match self.live.runtime.block_on(feed.after(position)) {
            Ok(batch) => {
                self.live.take(batch.after(position))?;
                if self.live.parked.next_retry().is_some_and(|at| at <= Instant::now()) {
                    self.retry_due()?;
                }
                Ok(())
            }
            Err(error) if error.is_damage() => Err(Trouble::Stop(error.to_string())),
            Err(error) => {
                self.live.progress.say("error", Some(&error.to_string()));
                std::thread::sleep(READ_AGAIN);
                Ok(())
            }
        }
    }

    fn retry_due(&mut self) -> Result<(), Trouble> {
        for row in self.live.parked.due(Instant::now()) {
            self.live.retry(&row, None)?;
        }
        Ok(())
    }

    fn obey(&mut self, control: Control) -> Option<Result<(), Trouble>> {
        match control {
            Control::Close => return None,
            Control::Pause => self.set_paused(true),
            Control::Resume => self.set_paused(false),
            Control::Workers(workers) => self.live.set_workers(workers),
            Control::Mend { mut refold, rollups, done } => {
                return Some(self.mend(&mut refold, rollups, done));
            }
            Control::Retry { table, key, done } => return Some(self.retry(&(table, key), None, done)),
            Control::Skip { table, key, position, done } => {
                return Some(self.retry(&(table, key), Some(position), done));
            }
            Control::Hold { at, orders } => return Some(self.hold(at, &orders)),
        }
        Some(Ok(()))
    }

    fn hold(&mut self, at: oneshot::Sender<u64>, orders: &Receiver<Order>) -> Result<(), Trouble> {
        if at.send(self.live.position()).is_err() {
            return Ok(());
        }
        while let Ok(Order::FoldTo { position, done }) = orders.recv() {
            let folded = self.live.fold_to(position);
            let answer = folded.as_ref().map(|_| ()).map_err(ToString::to_string);
            let _ = done.send(answer);
            folded?;
        }
        Ok(())
    }

    fn set_paused(&mut self, paused: bool) {
        self.paused = paused;
        let status = if paused { "paused" } else { "running" };
        self.live.checkpoint.status = status.to_owned();
        if !paused {
            self.live.checkpoint.last_error = None;
        }
        // Written, so that a group that was paused is still paused after a restart.
        if let Err(trouble) = self.live.write() {
            self.stop(&trouble);
        }
    }

    fn mend(
        &mut self,
        refold: &mut Refold,
        rollups: bool,
        done: oneshot::Sender<Result<Mended, String>>,
    ) -> Result<(), Trouble> {
        let outcome = self.live.mend(refold, rollups);
        let answer = outcome.as_ref().map_or_else(|trouble| Err(trouble.to_string()), Clone::clone);
        // Whoever asked may have gone: what was done is done.
        let _ = done.send(answer);
        outcome.map(drop)
    }

    fn retry(
        &mut self,
        row: &ParkedRow,
        skip: Option<u64>,
        done: oneshot::Sender<Result<Retried, String>>,
    ) -> Result<(), Trouble> {
        let outcome = self.live.retry(row, skip);
        let answer = outcome.as_ref().map(Clone::clone).map_err(ToString::to_string);
        // Whoever asked may have gone: what was done is done.
        let _ = done.send(answer);
        outcome.map(|_| ())
    }

    /// Fills tables that hold nothing yet.
    fn fill(&mut self) {
        self.live.progress.say("rebuilding", None);
        let outcome = if self.is_new { self.rebuild_in_the_background() } else { rebuild(&mut self.live) };
        self.live.progress.set_rebuild(None);
        match outcome {
            Ok(()) => self.live.progress.say("running", None),
            // Nobody waits for these rows: whoever wanted them is told.
            Err(problem) if self.is_new => self.stop(&Trouble::Stop(problem)),
            Err(problem) => {
                let group = self.live.definition.name();
                tracing::error!(
                    group,
                    problem,
                    "the rows could not be filled in bulk; they are folded batch by batch"
                );
                self.live.progress.say("running", Some(&problem));
            }
        }
    }

    /// Rebuilds with less claim to the processor than commands and questions have.
    fn rebuild_in_the_background(&mut self) -> Result<(), String> {
        let live = &mut self.live;
        // On a thread of its own: once lowered, a thread's claim is not raised again.
        let work = move || {
            lower_priority();
            rebuild(live)
        };
        let panicked = |_| Err("the rebuild panicked".to_owned());
        std::thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(panicked))
    }

    /// Nothing helps but an operator: what has been folded in memory is dropped, and the group waits.
    fn stop(&mut self, trouble: &Trouble) {
        if matches!(trouble, Trouble::Closing) {
            return;
        }
        let problem = trouble.to_string();
        tracing::error!(group = self.live.definition.name(), problem, "the read model stops");
        self.paused = true;
        for model in &mut self.live.models {
            model.clear();
        }
        if let Ok(checkpoint) = self.live.runtime.block_on(self.live.store.checkpoint()) {
            self.live.checkpoint = checkpoint;
        }
        if let Err(trouble) = self.live.load() {
            tracing::error!(group = self.live.definition.name(), %trouble, "the parked keys could not be read");
        }
        self.live.progress.say("stopped", Some(&problem));
    }
}
