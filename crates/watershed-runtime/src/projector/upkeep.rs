//! What a group's worker sees to from time to time, between two batches: changes that have been kept for long enough.

use std::time::{Duration, Instant};

use watershed_core::Timestamp;

use super::GroupDefinition;
use super::live::{Live, Trouble};

/// How often it looks: so many times while something is to be kept, and within these bounds.
const LOOKS: u32 = 32;
const EVERY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));
/// So many changes are kept at most, however young they are: about 200 MB.
const MOST_CHANGES: u64 = 1_000_000;

/// When something is to be seen to, and what.
pub(super) struct Upkeep {
    /// How long changes are kept, where they are.
    changes: Option<Duration>,
    every: Duration,
    due: Option<Instant>,
}

impl Upkeep {
    pub(super) fn of(definition: &GroupDefinition) -> Self {
        let changes = definition.changes_kept();
        let every = changes.map_or(EVERY.1, |kept| (kept / LOOKS).clamp(EVERY.0, EVERY.1));
        Self { changes, every, due: changes.map(|_| Instant::now()) }
    }

    /// When the next look is due; never, where nothing is to be seen to.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.due.is_some_and(|due| due <= now)
    }

    /// Does a part of what is due: so much that a batch does not wait for long. Where more is left, it is due still.
    pub(super) fn step(&mut self, live: &mut Live) -> Result<(), Trouble> {
        let Some(kept) = self.changes else {
            self.due = None;
            return Ok(());
        };
        let before = earlier(live.clock.now(), kept);
        let forgotten =
            live.insist(|live| live.runtime.block_on(live.store.forget_changes(before, MOST_CHANGES)))?;
        if forgotten == 0 {
            self.due = Some(Instant::now() + self.every);
        }
        Ok(())
    }
}

/// That long before.
fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    let by = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(time.as_micros().saturating_sub(by))
}
