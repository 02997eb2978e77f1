//! Work in the background that must not be felt: small steps, with sleep in between.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For every part of a core that paced work uses, so many parts of sleep: 2% of a core in all, with what is done between the
/// steps.
const SLEEP_FOR: u32 = 59;
/// How much work may come together before it is slept for: a step of a scan takes less.
const TOGETHER: Duration = Duration::from_millis(1);

/// Whether everything is to end; wakes whoever sleeps.
#[derive(Default)]
pub(crate) struct Closing {
    said: Mutex<bool>,
    told: Condvar,
}

impl Closing {
    pub(crate) fn say(&self) {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.told.notify_all();
    }

    /// Sleeps so long, or until it is said; answers whether it has been said.
    pub(crate) fn sleep(&self, time: Duration) -> bool {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let slept = self.told.wait_timeout_while(said, time, |said| !*said);
        *slept.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The pace of some work.
pub(crate) struct Pace {
    /// Where the work is to be slept for.
    closing: Option<Arc<Closing>>,
    /// Work that has not been slept for yet.
    owed: Duration,
    worked: Duration,
}

impl Pace {
    /// As fast as it goes.
    pub(crate) fn free() -> Self {
        Self { closing: None, owed: Duration::ZERO, worked: Duration::ZERO }
    }

    /// At most 2% of one core, until it is told to end.
    pub(crate) fn slow(closing: Arc<Closing>) -> Self {
        Self { closing: Some(closing), ..Self::free() }
    }

    /// Does one step, and sleeps for it. Steps are small: nobody waits for the sleep.
    ///
    /// # Errors
    /// Where the work is to end.
    pub(crate) fn step<T>(&mut self, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let done = self.hold(work)?;
        self.rest()?;
        Ok(done)
    }

    /// Does one step, and leaves the sleep for later: for whoever holds something that others may want.
    pub(crate) fn hold<T>(&mut self, work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
        let began = Instant::now();
        let done = work();
        let took = began.elapsed();
        self.worked += took;
        self.owed += took;
        done
    }

    /// Sleeps for what has been done.
    ///
    /// # Errors
    /// Where the work is to end.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        let Some(closing) = &self.closing else { return Ok(()) };
        if self.owed < TOGETHER {
            return Ok(());
        }
        let owed = std::mem::take(&mut self.owed);
        if closing.sleep(owed * SLEEP_FOR) { Err("the context is being closed".to_owned()) } else { Ok(()) }
    }

    /// How long it has worked, without the sleep.
    #[cfg(test)]
    pub(crate) fn worked(&self) -> Duration {
        self.worked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paced_work_uses_less_than_a_fiftieth_of_the_time_and_ends_when_it_is_told_to() {
        let closing = Arc::new(Closing::default());
        let mut pace = Pace::slow(closing.clone());
        let began = Instant::now();
        for _ in 0..4 {
            let busy = || {
                std::thread::sleep(Duration::from_millis(2));
                Ok(())
            };
            pace.step(busy).unwrap();
        }
        assert!(began.elapsed() >= pace.worked() * 60, "{:?} of {:?}", pace.worked(), began.elapsed());
        let ending = std::thread::spawn(move || {
            let work = || {
                std::thread::sleep(Duration::from_millis(200));
                Ok(())
            };
            pace.step(work)
        });
        std::thread::sleep(Duration::from_millis(300));
        closing.say();
        assert!(ending.join().unwrap().is_err(), "nobody waits for ten seconds of sleep");
        assert!(began.elapsed() < Duration::from_secs(5));
    }
}
