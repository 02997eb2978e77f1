use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::StuckFold;

/// What is done where a fold does not return, on the watchdog's thread.
pub(super) type OnStuck = Arc<dyn Fn(StuckFold) + Send + Sync>;

/// Shut out. Odd, as a fold that has begun and not ended.
const SHUT_OUT: u64 = u64::MAX;

thread_local! {
    static CURRENT: RefCell<Option<Arc<Turn>>> = const { RefCell::new(None) };
}

/// Says of a thread whether it is in the middle of a fold.
pub(crate) struct Turn {
    /// Goes up by one where a fold begins, and where it ends: odd in between.
    state: AtomicU64,
    model: AtomicU64,
    row: AtomicU64,
    position: AtomicU64,
    pub(super) on_stuck: OnStuck,
    watchdog: Arc<super::watchdog::Turns>,
    /// What the watchdog saw last, and how often in a row.
    seen: Mutex<(u64, u32)>,
}

impl Turn {
    pub(super) fn new(watchdog: Arc<super::watchdog::Turns>, on_stuck: OnStuck) -> Self {
        Self {
            state: AtomicU64::new(0),
            model: AtomicU64::new(0),
            row: AtomicU64::new(0),
            position: AtomicU64::new(0),
            on_stuck,
            watchdog,
            seen: Mutex::default(),
        }
    }

    /// It is this thread's turn, until what is answered is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Inside {
        Inside { before: CURRENT.replace(Some(self.clone())) }
    }

    fn begin(&self, fold: StuckFold) {
        let state = self.state.load(Ordering::Relaxed);
        self.model.store(fold.model, Ordering::Relaxed);
        self.row.store(fold.row, Ordering::Relaxed);
        self.position.store(fold.position, Ordering::Relaxed);
        self.state.store(state.wrapping_add(1), Ordering::Release);
    }

    /// Ends the fold; where it has been shut out, goes no further.
    fn end(&self) {
        let state = self.state.load(Ordering::Relaxed);
        let next = state.wrapping_add(1);
        let is_out = state == SHUT_OUT
            || self.state.compare_exchange(state, next, Ordering::AcqRel, Ordering::Relaxed).is_err();
        if is_out {
            // Another thread has this one's place.
            loop {
                std::thread::park();
            }
        }
    }

    /// Looks once more. Where the thread has been in one and the same fold for so many looks, it is shut out from now on.
    pub(super) fn look(&self, looks: u32) -> Option<StuckFold> {
        let state = self.state.load(Ordering::Acquire);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_multiple_of(2) || state == SHUT_OUT || seen.0 != state {
            *seen = (state, 0);
            return None;
        }
        seen.1 += 1;
        if seen.1 < looks {
            return None;
        }
        let fold = StuckFold {
            model: self.model.load(Ordering::Relaxed),
            row: self.row.load(Ordering::Relaxed),
            position: self.position.load(Ordering::Relaxed),
        };
        // Whoever is first: the fold that ends after all, or this.
        let shut = self.state.compare_exchange(state, SHUT_OUT, Ordering::AcqRel, Ordering::Relaxed);
        shut.is_ok().then_some(fold)
    }
}

/// A thread whose turn it is.
pub(crate) struct Inside {
    before: Option<Arc<Turn>>,
}

impl Drop for Inside {
    fn drop(&mut self) {
        CURRENT.set(self.before.take());
    }
}

/// Runs a fold in the thread's turn, where it has one.
pub(crate) fn in_turn<T>(fold: StuckFold, work: impl FnOnce() -> T) -> T {
    CURRENT.with_borrow(|turn| turn.iter().for_each(|turn| turn.begin(fold)));
    let done = work();
    CURRENT.with_borrow(|turn| turn.iter().for_each(|turn| turn.end()));
    done
}

/// What another thread does for this one, with a turn of its own that is overseen by whoever oversees this thread's.
pub(crate) fn on_same_terms<T>(work: impl FnOnce() -> T) -> impl FnOnce() -> T {
    let turn = CURRENT.with_borrow(|turn| {
        turn.as_ref().map(|turn| super::watchdog::Turns::turn(&turn.watchdog, turn.on_stuck.clone()))
    });
    move || {
        let _inside = turn.as_ref().map(Turn::enter);
        work()
    }
}

#[cfg(test)]
mod tests {
    use super::super::Watchdog;
    use super::*;

    fn fold(position: u64) -> StuckFold {
        StuckFold { model: 1, row: 7, position }
    }

    #[test]
    fn only_a_fold_that_is_the_same_for_all_looks_is_shut_out() {
        let watchdog = Watchdog::new(std::time::Duration::from_secs(3_600)).unwrap();
        let turn = watchdog.turn(|_| {});
        assert_eq!(turn.look(2), None, "nothing is folded");
        for position in 1..5 {
            turn.begin(fold(position));
            assert_eq!((turn.look(2), turn.look(2)), (None, None), "seen first, and once more");
            turn.end();
        }
        turn.begin(fold(5));
        assert_eq!((turn.look(2), turn.look(2), turn.look(2)), (None, None, Some(fold(5))));
        assert_eq!(turn.look(2), None, "said once");
    }

    #[test]
    fn a_fold_that_was_shut_out_never_comes_back() {
        let watchdog = Watchdog::new(std::time::Duration::from_millis(50)).unwrap();
        let (told, stuck) = std::sync::mpsc::channel();
        let turn = watchdog.turn(move |fold| told.send(fold).unwrap());
        let (back, came_back) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let _inside = turn.enter();
            in_turn(fold(9), || std::thread::sleep(std::time::Duration::from_millis(400)));
            back.send(()).unwrap();
        });
        assert_eq!(stuck.recv_timeout(std::time::Duration::from_secs(5)).unwrap(), fold(9));
        assert!(came_back.recv_timeout(std::time::Duration::from_secs(1)).is_err());
    }
}
