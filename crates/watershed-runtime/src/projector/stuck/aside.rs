use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{oneshot, watch};

use super::{StuckFold, Watchdog, end_process, is_enough};

type Job = Box<dyn FnOnce() + Send>;

/// A thread that folds for callers who must not be kept, as the threads that answer questions are. Where a fold does not return,
/// another thread takes its place.
pub(crate) struct Aside {
    watchdog: Arc<Watchdog>,
    /// To the thread; none where there is none yet, or the last one was given up.
    jobs: Mutex<Option<Sender<Job>>>,
    /// The last fold that did not return.
    stuck: watch::Sender<Option<StuckFold>>,
}

impl Aside {
    pub(crate) fn new(watchdog: Arc<Watchdog>) -> Arc<Self> {
        Arc::new(Self { watchdog, jobs: Mutex::default(), stuck: watch::Sender::new(None) })
    }

    /// What the work gives.
    ///
    /// # Errors
    /// Where it, or what was to be done before it, did not return: that fold, where it is known.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Option<StuckFold>> {
        let mut stuck = self.stuck.subscribe();
        let (done, answer) = oneshot::channel();
        // Whoever asked may have gone.
        self.send(Box::new(move || drop(done.send(work())))).map_err(|_| None)?;
        tokio::select! {
            biased;
            answer = answer => answer.map_err(|_| None),
            _ = stuck.changed() => Err(*stuck.borrow()),
        }
    }

    fn send(self: &Arc<Self>, job: Job) -> std::io::Result<()> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = match &*jobs {
            Some(sender) => sender,
            None => jobs.insert(self.begin()?),
        };
        // The thread ends only with this.
        let _ = sender.send(job);
        Ok(())
    }

    fn begin(self: &Arc<Self>) -> std::io::Result<Sender<Job>> {
        let (sender, jobs) = channel::<Job>();
        let this = Arc::downgrade(self);
        let turn = self.watchdog.turn(move |fold| {
            if let Some(this) = Weak::upgrade(&this) {
                this.give_up(fold);
            }
        });
        let thread = std::thread::Builder::new().name("ws-tails".to_owned());
        thread.spawn(move || {
            let _inside = turn.enter();
            for job in jobs {
                // Whoever waits learns of a panic by not being answered.
                let _ = std::panic::catch_unwind(AssertUnwindSafe(job));
            }
        })?;
        Ok(sender)
    }

    fn give_up(&self, fold: StuckFold) {
        let (position, limit) = (fold.position, self.watchdog.limit());
        tracing::error!(
            position,
            ?limit,
            "a fold does not return: the thread that folded it for an answer is given up"
        );
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.stuck.send_replace(Some(fold));
        if is_enough(fold) {
            end_process(&format!(
                "folds have not returned for {limit:?} too often, now one at event {position} for an answer"
            ));
        }
    }
}
