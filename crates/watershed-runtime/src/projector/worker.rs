use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot};

use super::live::{Footing, Live};
use super::model::panic_text;
use super::parking::ParkedRow;
use super::priority::lower_priority;
use super::rebuild::rebuild;
use super::refold::{Mended, Refold};
use super::stuck::on_same_terms;
use super::trouble::Trouble;
use super::upkeep::Upkeep;
use super::{Control, Progress};
use crate::editions::Order;
use crate::nodes::Tenure;

/// Behind by so many events, with nothing folded yet, a group is filled in bulk instead of batch by batch.
const FILL_IN_BULK: u64 = 20_000;
/// Whoever folds so many events at a time is under load.
const MANY: u64 = 16;
/// How long it then lets some more come.
const REST: Duration = Duration::from_millis(2);
/// How long a group that could not read the log waits before it tries again.
const READ_AGAIN: Duration = Duration::from_millis(500);

/// What operators ask of a group, for the thread that folds it.
pub(super) type Controls = Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Control>>>;

/// How tables are filled that hold nothing yet.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Filling {
    /// They are read from the beginning: in bulk where they are far behind.
    WhenFarBehind,
    /// Nobody reads them yet: in bulk, with at most so many events a second.
    InBulk { rate: Option<u64> },
}

/// Folds a group up to the log's head, on the calling thread, which must be one that may block. For inline groups, which the log
/// folds from then on.
pub(crate) fn bring_up(footing: Footing) -> Result<u64, String> {
    let checkpoint =
        footing.runtime.block_on(footing.store.checkpoint()).map_err(|error| error.to_string())?;
    let mut live = Live::on(footing, Progress::new(checkpoint.clone()), checkpoint);
    // Of a group, what others read.
    live.load().map_err(|trouble| trouble.to_string())?;
    let head = live.feed.log().head();
    if live.position() == 0 && head > FILL_IN_BULK {
        rebuild(&mut live)?;
    }
    while live.position() < head {
        let position = live.position();
        let batch = live.runtime.block_on(live.feed.after(position)).map_err(|error| error.to_string())?;
        live.take(batch.after(position)).map_err(|trouble| trouble.to_string())?;
    }
    if !live.parked.is_empty() {
        return Err(format!(
            "`{}` cannot take event {}",
            live.definition.name(),
            live.parked.first_position()
        ));
    }
    Ok(live.checkpoint.events_processed)
}

pub(super) struct Worker {
    pub(super) live: Live,
    /// Shared with whoever takes this thread's place.
    pub(super) controls: Controls,
    pub(super) paused: bool,
    /// Nobody reads the rows yet: they are filled in bulk, however many there are.
    is_new: bool,
    upkeep: Upkeep,
    /// The group's seat among several processes, where there are such.
    pub(super) tenure: Option<Arc<Tenure>>,
    /// The lease under which this worker folds; none while it stands by.
    pub(super) epoch: Option<u64>,
    /// So many looks at what another process has folded have been in vain, one after the other.
    pub(super) in_vain: u32,
}

/// What the worker turns to next.
enum Next {
    Control(Option<Control>),
    Log,
    Retry,
    Upkeep,
    /// Another process keeps the rows from now on.
    Overtaken,
}

impl Worker {
    pub(super) fn new(live: Live, controls: Controls, is_new: bool, tenure: Option<Arc<Tenure>>) -> Self {
        let paused = live.checkpoint.status == "paused";
        let upkeep = Upkeep::of(&live.definition);
        Self { live, controls, paused, is_new, upkeep, tenure, epoch: None, in_vain: 0 }
    }

    pub(super) fn run(mut self) {
        // Of several processes, the one that has the seat begins.
        let mut goes_on = if self.tenure.is_none() { self.contained(Self::begin) } else { Some(()) };
        while goes_on.is_some() {
            goes_on = self.contained(Self::turn);
        }
    }

    /// Does something after which the group may have to stop, also where a part of a read model panics that is not its fold:
    /// what it gives to a rollup, or whether it is shown.
    fn contained(&mut self, work: fn(&mut Self) -> Option<Result<(), Trouble>>) -> Option<()> {
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| work(self)));
        let done = done.unwrap_or_else(|panic| Some(Err(Trouble::Stop(panic_text(&*panic)))))?;
        match done {
            Ok(()) => {}
            // What has been folded in memory is not written: nothing may be folded on top of it.
            Err(Trouble::Closing) => return None,
            Err(Trouble::Fenced) => self.is_overtaken(),
            Err(trouble) => self.stop(&trouble),
        }
        Some(())
    }

    pub(super) fn begin(&mut self) -> Option<Result<(), Trouble>> {
        // As many workers as the thread had whose place this one takes.
        self.live.set_workers(self.live.progress.workers());
        if let Err(trouble) = self.live.load() {
            return Some(Err(trouble));
        }
        let behind = self.live.feed.log().head().saturating_sub(self.live.position());
        if self.live.position() == 0 && (self.is_new || behind > FILL_IN_BULK) && !self.paused {
            self.fill();
        }
        // Before anybody can have these rows serve.
        while self.upkeep.is_due(Instant::now()) && !self.paused {
            if let Err(trouble) = self.upkeep.step(&mut self.live) {
                return Some(Err(trouble));
            }
        }
        Some(Ok(()))
    }

    /// One step; `None` to end.
    fn turn(&mut self) -> Option<Result<(), Trouble>> {
        if let Some(elsewhere) = self.other_than_fold() {
            return elsewhere;
        }
        let waiting = self.controls.blocking_lock().try_recv();
        if let Ok(control) = waiting {
            return self.obey(control);
        }
        if self.paused {
            return match self.wait_for_control() {
                Next::Control(control) => self.obey(control?),
                _ => Some(Ok(())),
            };
        }
        if self.upkeep.is_due(Instant::now()) {
            return Some(self.upkeep.step(&mut self.live));
        }
        let position = self.live.position();
        if self.live.feed.log().head() > position {
            return Some(self.fold_next());
        }
        match self.wait(position) {
            Next::Control(control) => self.obey(control?),
            Next::Log => Some(Ok(())),
            Next::Retry => Some(self.live.retry_due()),
            // The next turn sees to it.
            Next::Upkeep | Next::Overtaken => Some(Ok(())),
        }
    }

    fn wait(&mut self, position: u64) -> Next {
        let (retry, upkeep) = (self.live.parked.next_retry(), self.upkeep.due());
        let log = self.live.feed.log().clone();
        let (controls, overtaken) = (self.controls.clone(), overtaken(self.tenure.clone()));
        self.live.runtime.block_on(async move {
            let mut controls = controls.lock().await;
            let until = |at: Option<Instant>| async move {
                match at {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                control = controls.recv() => Next::Control(control),
                _ = log.wait_past(position) => Next::Log,
                () = until(retry) => Next::Retry,
                () = until(upkeep) => Next::Upkeep,
                () = overtaken => Next::Overtaken,
            }
        })
    }

    /// Waits while nothing is folded.
    fn wait_for_control(&self) -> Next {
        let (controls, overtaken) = (self.controls.clone(), overtaken(self.tenure.clone()));
        self.live.runtime.block_on(async move {
            let mut controls = controls.lock().await;
            tokio::select! {
                biased;
                control = controls.recv() => Next::Control(control),
                () = overtaken => Next::Overtaken,
            }
        })
    }

    fn fold_next(&mut self) -> Result<(), Trouble> {
        let position = self.live.position();
        let feed = self.live.feed.clone();
        match self.live.runtime.block_on(feed.after(position)) {
            Ok(batch) => {
                let events = batch.after(position);
                self.live.take(events)?;
                self.let_some_come(events.len() as u64);
                if self.live.parked.next_retry().is_some_and(|at| at <= Instant::now()) {
                    self.live.retry_due()?;
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

    /// Rests where events come fast, and all are folded: what a batch writes is pages rather than rows, and the pages of some
    /// more events are the same ones.
    fn let_some_come(&self, folded: u64) {
        let left = self.live.feed.log().head().saturating_sub(self.live.position());
        if folded >= MANY && left < folded {
            std::thread::sleep(REST);
        }
    }

    pub(super) fn obey(&mut self, control: Control) -> Option<Result<(), Trouble>> {
        match control {
            Control::Close => return None,
            Control::Pause => self.set_paused(true),
            Control::Resume => self.set_paused(false),
            Control::Workers(workers) => self.live.set_workers(workers),
            Control::Mend { mut refold, rollups, done } => {
                return Some(self.mend(&mut refold, rollups, done));
            }
            Control::Retry { table, keys, done } => {
                if let Some(model) = self.live.definition.models.get(table) {
                    keys.iter().for_each(|key| model.known.forget(key));
                }
                let rows: Vec<ParkedRow> = keys.into_iter().map(|key| (table, key)).collect();
                return Some(answer(self.live.retry(&rows), done));
            }
            Control::Skip { table, key, position, done } => {
                return Some(answer(self.live.skip(&(table, key), position), done));
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
            answer(self.live.fold_to(position), done)?;
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
        let work = on_same_terms(work);
        let panicked = |_| Err("the rebuild panicked".to_owned());
        std::thread::scope(|scope| scope.spawn(work).join().unwrap_or_else(panicked))
    }

    /// Nothing helps but an operator: what has been folded in memory is dropped, and the group waits.
    fn stop(&mut self, trouble: &Trouble) {
        if matches!(trouble, Trouble::Closing | Trouble::Fenced) {
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

/// Answers once another process keeps the rows; never, where nobody else can.
async fn overtaken(tenure: Option<Arc<Tenure>>) {
    match tenure {
        Some(tenure) => tenure.lost().await,
        None => std::future::pending().await,
    }
}

/// Tells whoever asked what came of it.
fn answer<T: Clone>(
    outcome: Result<T, Trouble>,
    done: oneshot::Sender<Result<T, String>>,
) -> Result<(), Trouble> {
    let answer = outcome.as_ref().map(Clone::clone).map_err(ToString::to_string);
    // Whoever asked may have gone: what was done is done.
    let _ = done.send(answer);
    outcome.map(drop)
}
