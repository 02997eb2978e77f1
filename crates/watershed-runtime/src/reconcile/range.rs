//! The rows that a part of the log concerns, folded again.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;
use watershed_core::ports::{NameCache, RowKey};
use watershed_core::{Position, Timestamp};

use super::{Subject, mend_keys};
use crate::feed::Feed;
use crate::projector::{
    AnyModel, Concern, Glimpse, GroupDefinition, Mended, ParkedRow, Passage, concern, pass_through, wait_for,
};

/// A part of the log: by position, by when the log took the events, or by both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EventRange {
    /// Events from this position.
    pub from: Option<Position>,
    /// Up to and including this position.
    pub to: Option<Position>,
    /// Events recorded at or after this time.
    pub since: Option<Timestamp>,
    /// Events recorded before this time.
    pub until: Option<Timestamp>,
}

impl EventRange {
    /// Whether it says anything at all.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// Folds every row again, from its first event, that an event of the range concerns; with the rollups over them.
///
/// # Errors
/// Where the log or the store cannot be read or written. What has been put right until then is right.
pub(crate) fn refold_range(subject: &Subject, range: EventRange) -> Result<Mended, String> {
    let head = subject.position()?;
    wait_for(&subject.feed, head)?;
    let mut keys = Keys::of(subject, range);
    // The clock may have jumped: events are in the order of their positions, not of their times.
    let first = range.from.unwrap_or(1).max(1);
    let last = range.to.unwrap_or(head).min(head);
    if first <= last {
        pass_through(&subject.feed, &subject.runtime, first - 1, last, &mut keys)?;
    }
    if keys.any {
        // An event that concerned whatever matched, or a row that others may have looked at: which rows those were is known to
        // nobody now. So all of them.
        let mut all = Keys { any: false, range: EventRange::default(), ..keys };
        pass_through(&subject.feed, &subject.runtime, 0, head, &mut all)?;
        all.add_stored(subject)?;
        return mend_keys(subject, all.keys.into_iter().collect(), true);
    }
    mend_keys(subject, keys.keys.into_iter().collect(), true)
}

/// Finds the keys that events concern.
struct Keys<'a> {
    definition: &'a GroupDefinition,
    feed: &'a Arc<Feed>,
    models: Vec<Box<dyn AnyModel>>,
    range: EventRange,
    names: NameCache,
    keys: BTreeSet<ParkedRow>,
    /// An event concerned whatever rows matched, or one that others may look at.
    any: bool,
}

impl<'a> Keys<'a> {
    fn of(subject: &'a Subject, range: EventRange) -> Self {
        Self {
            definition: &subject.definition,
            feed: &subject.feed,
            models: subject.definition.make_models(),
            range,
            names: NameCache::default(),
            keys: BTreeSet::new(),
            any: false,
        }
    }

    /// The rows that are there, and perhaps should not be.
    fn add_stored(&mut self, subject: &Subject) -> Result<(), String> {
        for model in 0..self.models.len() {
            let mut after: Option<RowKey> = None;
            loop {
                let page = subject.store.scan(model, &watershed_core::Predicate::All, after.as_ref(), 2_000);
                let page = subject.runtime.block_on(page).map_err(|error| error.to_string())?;
                let Some(last) = page.last() else { break };
                after = Some(last.key.clone());
                self.keys.extend(page.into_iter().map(|row| (model, row.key)));
            }
        }
        Ok(())
    }
}

impl Passage for Keys<'_> {
    fn wants(&self, _: Position) -> bool {
        true
    }

    fn see(&mut self, glimpse: &Glimpse<'_>) -> Result<(), String> {
        let recorded = glimpse.recorded_at();
        let is_outside = self.range.since.is_some_and(|since| recorded < since)
            || self.range.until.is_some_and(|until| recorded >= until);
        let (_, category, _) = glimpse.stream();
        if is_outside || !self.definition.follows(category) {
            return Ok(());
        }
        let event = self.feed.decode(glimpse.to_stored(&mut self.names)?);
        for (model, of) in self.models.iter().enumerate() {
            match concern(&**of, self.definition.models[model].contract.unknown, &event) {
                Concern::Nothing => continue,
                Concern::One(key) | Concern::Unreadable(key, _) => drop(self.keys.insert((model, key))),
                Concern::Many(keys) => self.keys.extend(keys.into_iter().map(|key| (model, key))),
                Concern::Matching(_) => self.any = true,
                Concern::Stop(problem) => return Err(problem),
            }
            // Whoever has looked at such a row since is concerned too.
            self.any |= model + 1 < self.models.len();
        }
        Ok(())
    }
}
