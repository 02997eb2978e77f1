use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::{StuckFold, Turn};

/// How often a fold is looked at within the limit. Looks are counted, rather than time: a machine that was suspended has
/// folds that are old, but none that hangs.
const LOOKS: u32 = 10;

/// The turns that are looked at.
pub(super) struct Turns {
    turns: Mutex<Vec<Weak<Turn>>>,
    limit: Duration,
}

impl Turns {
    /// Another turn, to be looked at as long as anybody has it.
    pub(super) fn turn(this: &Arc<Self>, on_stuck: super::turn::OnStuck) -> Arc<Turn> {
        let turn = Arc::new(Turn::new(this.clone(), on_stuck));
        this.turns.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::downgrade(&turn));
        turn
    }

    fn look(&self) {
        let turns: Vec<Arc<Turn>> = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|turn| turn.strong_count() > 0);
            turns.iter().filter_map(Weak::upgrade).collect()
        };
        for turn in turns {
            if let Some(fold) = turn.look(LOOKS) {
                (turn.on_stuck)(fold);
            }
        }
    }

    fn watch(&self, ends: &Receiver<()>) {
        while ends.recv_timeout(self.limit / LOOKS) == Err(RecvTimeoutError::Timeout) {
            self.look();
        }
    }
}

/// The thread that looks at all turns of a context, until it is dropped.
pub(crate) struct Watchdog {
    turns: Arc<Turns>,
    _ends: Sender<()>,
}

impl Watchdog {
    /// Shuts out what takes longer than `limit`.
    pub(crate) fn new(limit: Duration) -> std::io::Result<Arc<Self>> {
        let (sender, ends) = channel();
        let turns = Arc::new(Turns { turns: Mutex::default(), limit });
        let watched = turns.clone();
        let thread = std::thread::Builder::new().name("ws-watchdog".to_owned());
        thread.spawn(move || watched.watch(&ends))?;
        Ok(Arc::new(Self { turns, _ends: sender }))
    }

    /// How long a fold may take.
    pub(crate) fn limit(&self) -> Duration {
        self.turns.limit
    }

    /// A turn for a thread; where a fold of it does not return, that is done.
    pub(crate) fn turn(&self, on_stuck: impl Fn(StuckFold) + Send + Sync + 'static) -> Arc<Turn> {
        Turns::turn(&self.turns, Arc::new(on_stuck))
    }

    /// A turn for a thread whose place nobody can take: where a fold of it does not return, the process ends.
    pub(crate) fn turn_or_end(&self, view: &str, doing: &'static str) -> Arc<Turn> {
        let (view, limit) = (view.to_owned(), self.limit());
        self.turn(move |fold| {
            super::end_process(&format!(
                "the fold of `{view}` has not returned from event {} for {limit:?}, {doing}: nothing can go on without it",
                fold.position
            ));
        })
    }
}
