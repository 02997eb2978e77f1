//! Parked keys, tried again: the events that wait are applied to the row, in their order, each over what it would have seen had
//! none of them had to wait.
//!
//! A row on its own needs nothing but its events. One of a group may look at rows of earlier read models, which have gone on: where
//! such a row has not changed since the event, it still is what the event would have seen; where it has, the earlier read models
//! are folded once more from the log ([`history`]).

mod history;
mod trial;

use std::time::Instant;

use watershed_core::Position;
use watershed_core::ports::{LogError, ReadFrom, Scope};

use self::trial::Trial;
use super::Retried;
use super::live::Live;
use super::parking::ParkedRow;
use super::trouble::Trouble;
use crate::feed::FeedEvent;

/// How much is done to find out whether a key's events apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// Where the first event fails over the rows as they are now, the log is not asked whether it would have then.
    Glance,
    /// Whatever it takes.
    Full,
}

impl Live {
    /// Tries the events of parked keys of one model again, in their order. Keys that wait for these are tried at once. Answers for
    /// each.
    pub(crate) fn retry(&mut self, rows: &[ParkedRow]) -> Result<Vec<Retried>, Trouble> {
        let (mut parked, mut are_parked) = (Vec::new(), Vec::with_capacity(rows.len()));
        for row in rows {
            let is_parked = self.parked.get(row).is_some();
            are_parked.push(is_parked);
            parked.extend(is_parked.then(|| row.clone()));
        }
        let mut outcomes = self.try_again(&parked, 0, Effort::Full)?.into_iter();
        self.retry_freed()?;
        let outcome = |is_parked| if is_parked { outcomes.next() } else { None };
        Ok(are_parked.into_iter().map(outcome).map(|outcome| outcome.unwrap_or(Retried::NotParked)).collect())
    }

    /// Passes over the event at that position, if the key is parked on that one, and tries those behind it. Keys that wait for
    /// it are tried at once.
    pub(crate) fn skip(&mut self, row: &ParkedRow, position: Position) -> Result<Retried, Trouble> {
        let Some(parked) = self.parked.get(row) else {
            return Ok(Retried::NotParked);
        };
        if position != parked.position {
            return Ok(Retried::Moved { position: parked.position });
        }
        let outcome = self.try_again(std::slice::from_ref(row), 1, Effort::Full)?.pop();
        self.retry_freed()?;
        Ok(outcome.unwrap_or(Retried::NotParked))
    }

    /// Tries the keys whose time has come, and those that waited for keys that do not keep them waiting any more.
    pub(crate) fn retry_due(&mut self) -> Result<(), Trouble> {
        let due = self.parked.due(Instant::now());
        for rows in due.chunk_by(|left, right| left.0 == right.0) {
            self.try_again(rows, 0, Effort::Glance)?;
        }
        self.retry_freed()
    }

    /// Tries the keys that waited for keys that do not keep them waiting any more.
    pub(crate) fn retry_freed(&mut self) -> Result<(), Trouble> {
        loop {
            let models = &self.models;
            let freed = self.parked.freed(|model| models[model].name());
            if freed.is_empty() {
                return Ok(());
            }
            // What this releases may free others in its turn.
            self.try_again(&freed, 0, Effort::Full)?;
        }
    }

    /// Tries keys of one model, without so many events at the beginning of each, and writes what comes of it.
    fn try_again(
        &mut self,
        rows: &[ParkedRow],
        without: usize,
        effort: Effort,
    ) -> Result<Vec<Retried>, Trouble> {
        let mut trials = Vec::with_capacity(rows.len());
        for row in rows {
            if let Some(mut trial) = self.begin_trial(row, without)? {
                self.try_now(&mut trial, effort)?;
                trials.push(trial);
            }
        }
        if trials.iter().any(|trial| trial.is_unsure) {
            self.try_over_history(&mut trials)?;
        }
        let outcomes = trials.iter().map(|trial| self.settle(trial)).collect::<Result<_, _>>()?;
        self.write()?;
        Ok(outcomes)
    }

    fn begin_trial(&self, row: &ParkedRow, without: usize) -> Result<Option<Trial>, Trouble> {
        let Some(parked) = self.parked.get(row) else { return Ok(None) };
        let (model, key) = row;
        let table = self.models[*model].table();
        let keys = std::slice::from_ref(key);
        let stored = self.insist(|live| live.runtime.block_on(live.store.rows(table, keys)))?.pop();
        let waiting = parked.waiting[without.min(parked.waiting.len())..].to_vec();
        let fold = (self.definition.models[*model].make)();
        Trial::begin(row.clone(), fold, stored, waiting).map(Some).map_err(Trouble::Stop)
    }

    /// Tries a key's events over the rows of earlier models as they are now.
    fn try_now(&self, trial: &mut Trial, effort: Effort) -> Result<(), Trouble> {
        while let Some(position) = trial.next() {
            let event = self.event_at(position)?;
            trial.take_now(&event, self, effort).map_err(Trouble::Stop)?;
        }
        Ok(())
    }

    /// Puts what a trial came to in place of what is in memory.
    fn settle(&mut self, trial: &Trial) -> Result<Retried, Trouble> {
        let (model, key) = trial.row.clone();
        if let Some(row) = trial.changed_row().map_err(Trouble::Stop)? {
            self.models[model].forget(&key);
            self.load_rows(model, vec![key.clone()])?;
            self.models[model].replace(&key, row).map_err(Trouble::Stop)?;
        }
        match trial.failed() {
            None => {
                self.parked.release(&trial.row);
                Ok(Retried::Released { events: trial.applied })
            }
            Some((still, failure)) => {
                let (position, error) = (still.first().copied().unwrap_or(0), failure.error.clone());
                self.parked.park(trial.row.clone(), still.to_vec(), failure, self.clock.now());
                Ok(Retried::StillParked { position, error })
            }
        }
    }

    fn event_at(&self, position: Position) -> Result<FeedEvent, Trouble> {
        let read = ReadFrom { scope: Scope::Log, after: position - 1, limit: 1 };
        let read = self
            .runtime
            .block_on(self.feed.log().read(read))
            .map_err(|error: LogError| Trouble::Stop(error.to_string()))?;
        match read.events.into_iter().next() {
            Some(stored) if stored.position == position => Ok(self.feed.decode(stored)),
            _ => Err(Trouble::Stop(format!("event {position} is not in the log"))),
        }
    }
}
