//! What a group's worker sees to from time to time, between two batches: rows that are past their age, and changes that have been
//! kept for long enough.

use std::time::{Duration, Instant};

use watershed_core::Timestamp;

use super::age::{earlier, later};
use super::live::Live;
use super::trouble::Trouble;
use super::{Age, GroupDefinition};

/// How often it looks: so many times while something is to be kept, and within these bounds.
const LOOKS: u32 = 32;
const EVERY: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(60));
/// How often it looks at the clock, which need not be the machine's.
const TICK: Duration = Duration::from_secs(1);
/// So many changes are kept at most, however young they are: about 200 MB.
const MOST_CHANGES: u64 = 1_000_000;
/// Rows that are deleted at a time.
const ROWS: usize = 1_000;

/// When something is to be seen to, and what.
pub(super) struct Upkeep {
    /// How long changes are kept, where they are.
    changes: Option<Duration>,
    /// The models whose rows grow old.
    ages: Vec<(usize, Age)>,
    every: Duration,
    /// When it looks next, by the context's clock.
    look_at: Timestamp,
    /// When it looks at the clock next.
    due: Option<Instant>,
}

impl Upkeep {
    pub(super) fn of(definition: &GroupDefinition) -> Self {
        let changes = definition.changes_kept();
        let ages = definition.models.iter().enumerate();
        let ages: Vec<(usize, Age)> =
            ages.filter_map(|(place, model)| model.age.map(|age| (place, age))).collect();
        let shortest = ages.iter().map(|(_, age)| age.grace()).chain(changes.map(|kept| kept / LOOKS)).min();
        let every = shortest.map_or(EVERY.1, |shortest| shortest.clamp(EVERY.0, EVERY.1));
        let look_at = Timestamp::from_micros(i64::MIN);
        Self { due: shortest.map(|_| Instant::now()), look_at, changes, ages, every }
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
        let clock = live.clock.now();
        if clock < self.look_at {
            self.due = Some(Instant::now() + TICK.min(self.every));
            return Ok(());
        }
        let (mut is_more, now) = (false, live.log_time());
        for (model, age) in &self.ages {
            is_more |= live.delete_past(*model, age.deleted_until(now))?;
        }
        if let Some(kept) = self.changes {
            let before = earlier(clock, kept);
            let forgotten =
                live.insist(|live| live.runtime.block_on(live.store.forget_changes(before, MOST_CHANGES)))?;
            is_more |= forgotten > 0;
        }
        if !is_more {
            if !self.ages.is_empty() {
                live.progress.set_deleted_until(now);
            }
            self.look_at = later(clock, self.every);
            self.due = Some(Instant::now() + TICK.min(self.every));
        }
        Ok(())
    }
}

impl Live {
    /// The time that no event to come is older than, but for what the clock may be set back: that of the last event that was folded;
    /// where that was the log's last, now. Where none has been folded there are no rows, and so none that are too old.
    fn log_time(&self) -> Timestamp {
        let now = self.clock.now();
        let position = self.position();
        if position == 0 || self.feed.log().head() == position {
            return now;
        }
        self.checkpoint.event_time.map_or(Timestamp::from_micros(0), |time| time.min(now))
    }

    /// Deletes rows that were last changed at or before that time: some at a time. Whether there may be more.
    fn delete_past(&mut self, model: usize, until: Timestamp) -> Result<bool, Trouble> {
        let table = self.models[model].table();
        let past = Age::changed_until(until);
        let rows = self.insist(|live| live.runtime.block_on(live.store.scan(table, &past, None, ROWS)))?;
        if rows.is_empty() {
            return Ok(false);
        }
        let (is_full, mut expired) = (rows.len() == ROWS, 0);
        for row in rows {
            let key = row.key.clone();
            // The events that wait behind a parked row are older than the log's time, and may find it.
            if self.parked.get(&(model, key.clone())).is_some() {
                continue;
            }
            if !self.models[model].knows(&key) {
                self.models[model].load(Vec::new(), vec![row]).map_err(Trouble::Stop)?;
            }
            expired += usize::from(self.models[model].expire(&key, until));
        }
        self.write()?;
        // None of them is, where somebody has edited all of their times in the file: they are left to whoever holds them against the log.
        Ok(is_full && expired > 0)
    }
}
