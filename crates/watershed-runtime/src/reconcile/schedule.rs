//! Reconciliation in the background, as the contracts have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use watershed_core::Reconcile;

use super::{Watched, sample};
use crate::projector::{Closing, Pace, SHARES};

/// About how many rows a sample is.
const SAMPLE: u64 = 2_000;
/// About how many rows are looked at in one go where all of them are to be.
const AT_ONCE: u64 = 50_000;
/// A group is looked at for the first time this long after the start, or earlier where its contract wants it more often.
const FIRST: Duration = Duration::from_secs(60);
/// The walk's step through the shares of the keys: odd, so that it comes to every one of them, and large, so that they are not
/// neighbours.
const STRIDE: u32 = 1_597;

/// The thread that looks at every group from time to time.
pub(crate) struct Reconciler {
    closing: Arc<Closing>,
    /// Ends what is under way without a pace.
    ends: Arc<AtomicBool>,
    thread: std::sync::Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Reconciler {
    /// Starts the thread, where a contract wants it. `seed` says where the walk through the keys begins.
    pub(crate) fn start(watched: &[Arc<Watched>], ends: Arc<AtomicBool>, seed: u64) -> std::io::Result<Self> {
        let now = Instant::now();
        let walks: Vec<Walk> = watched.iter().filter_map(|group| Walk::of(group, seed, now)).collect();
        let closing = Arc::new(Closing::default());
        let thread = if walks.is_empty() {
            None
        } else {
            let closing = closing.clone();
            let thread = std::thread::Builder::new().name("ws-reconcile".to_owned());
            Some(thread.spawn(move || run(walks, &closing))?)
        };
        Ok(Self { closing, ends, thread: std::sync::Mutex::new(thread) })
    }

    /// Ends it, and waits for it.
    pub(crate) fn close(&self) {
        self.ends.store(true, Ordering::Relaxed);
        self.closing.say();
        let thread = self.thread.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
        if let Some(thread) = thread
            && thread.join().is_err()
        {
            tracing::error!("reconciliation ended in a panic");
        }
    }
}

fn run(mut walks: Vec<Walk>, closing: &Arc<Closing>) {
    let mut pace = Pace::slow(closing.clone());
    loop {
        let Some(walk) = walks.iter_mut().min_by_key(|walk| walk.due) else { return };
        let until = walk.due.saturating_duration_since(Instant::now());
        // Also without anything to wait for: whoever closes the context must not wait for a further look.
        if closing.sleep(until.max(Duration::from_millis(1))) {
            return;
        }
        walk.go_on(&mut pace);
    }
}

/// The way through the keys of one group.
struct Walk {
    group: Arc<Watched>,
    every: Duration,
    /// All keys are to be looked at in each interval, rather than a sample of them.
    full: bool,
    due: Instant,
    /// When the present round through all keys began.
    began: Instant,
    steps: Steps,
}

impl Walk {
    fn of(group: &Arc<Watched>, seed: u64, now: Instant) -> Option<Self> {
        let subject = group.subject();
        let wanted = subject.definition.models.iter().map(|model| model.contract.reconcile);
        let (every, full) = wanted.fold(None, |sooner: Option<(Duration, bool)>, reconcile| {
            let this = match reconcile {
                Reconcile::Sample(every) => Some((every, false)),
                Reconcile::Full(every) => Some((every, true)),
                Reconcile::OnRequest => None,
            };
            match (sooner, this) {
                (Some((one, full)), Some((other, fuller))) => Some((one.min(other), full || fuller)),
                (one, other) => one.or(other),
            }
        })?;
        let due = now + every.min(FIRST);
        let seed = u32::try_from(seed % u64::from(SHARES)).unwrap_or(0);
        Some(Self {
            group: group.clone(),
            every,
            full,
            due,
            began: due,
            steps: Steps { done: 0, seed, rows: None },
        })
    }

    /// Looks at the next keys.
    fn go_on(&mut self, pace: &mut Pace) {
        let is_first = self.steps.rows.is_none();
        let (shares, is_last) = self.steps.next(if self.full { AT_ONCE } else { SAMPLE });
        let subject = self.group.subject();
        match sample(&subject, &shares, is_last || !self.full, pace) {
            Ok((report, rows)) => {
                self.steps.looked_at(shares.len(), rows);
                if report.drift > 0 {
                    tracing::error!(
                        group = report.group,
                        drift = report.drift,
                        "rows are not what the log says"
                    );
                }
            }
            Err(problem) => {
                let group = subject.definition.name();
                tracing::warn!(group, problem, "a group could not be reconciled");
                self.due = Instant::now() + self.every;
                return;
            }
        }
        let now = Instant::now();
        self.due = match (self.full, is_last) {
            (_, false) if is_first => now,
            (false, _) => now + self.every,
            (true, false) => now,
            (true, true) => {
                self.began = (self.began + self.every).max(now);
                self.began
            }
        };
    }
}

/// The way through the shares of the keys: each once in a round, not in their order.
#[derive(Debug, Clone, Copy)]
struct Steps {
    /// Shares that have been looked at since the start.
    done: u32,
    seed: u32,
    /// How many rows there were; none where nobody has counted them yet.
    rows: Option<u64>,
}

impl Steps {
    /// The next shares, so many that they hold about `few` rows; and whether they are the last of a round.
    fn next(&self, few: u64) -> (Vec<u16>, bool) {
        let round = u32::from(SHARES);
        let left = round - self.done % round;
        // Nobody knows how many rows are in all shares, but one share is little in any case.
        let count = self.rows.map_or(1, |rows| u64::from(SHARES) * few / rows.max(1)).clamp(1, left.into());
        let count = u32::try_from(count).unwrap_or(left);
        ((self.done..self.done + count).map(|step| self.share(step)).collect(), count == left)
    }

    /// So many shares have been looked at, in a table of so many rows.
    fn looked_at(&mut self, shares: usize, rows: u64) {
        self.done = (self.done + u32::try_from(shares).unwrap_or(0)) % u32::from(SHARES);
        self.rows = Some(rows);
    }

    fn share(&self, step: u32) -> u16 {
        let share = self.seed.wrapping_add(step.wrapping_mul(STRIDE)) % u32::from(SHARES);
        u16::try_from(share).unwrap_or(0)
    }
}

/// The shares of the keys from a place that `seed` says, so many that they hold about `keys` of `rows` rows.
pub(crate) fn shares_for(keys: u64, rows: u64, seed: u64) -> Vec<u16> {
    let all = u64::from(SHARES);
    let count = (all * keys).div_ceil(rows.max(1)).clamp(1, all);
    let share = |step: u64| (seed.wrapping_add(step * u64::from(STRIDE))) % all;
    (0..count).map(|step| u16::try_from(share(step)).unwrap_or(0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_walk_comes_to_every_key_once_in_a_round() {
        for seed in [0, 17, u64::MAX] {
            let mut shares = shares_for(10, 10, seed);
            shares.sort_unstable();
            assert_eq!(shares, (0..SHARES).collect::<Vec<_>>());
        }
        for rows in [0, 300, 3_000_000] {
            let (mut steps, mut seen) = (Steps { done: 0, seed: 4_000, rows: None }, Vec::new());
            loop {
                let (shares, is_last) = steps.next(AT_ONCE);
                assert!(rows < 1_000 || shares.len() <= 70, "{} at once", shares.len());
                steps.looked_at(shares.len(), rows);
                seen.extend(shares);
                if is_last {
                    break;
                }
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..SHARES).collect::<Vec<_>>(), "{rows} rows");
        }
        assert_eq!(shares_for(1, 1_000_000, 3).len(), 1);
        assert_eq!(shares_for(1_000, 4_096, 3).len(), 1_000);
    }
}
