use rusqlite::{Connection, OptionalExtension, params};
use watershed_core::Timestamp;
use watershed_core::ports::{JournalEntry, JournalFrom, JournalMark, JournalPart, RowError};

use super::super::super::failure::failure;
use super::super::checkpoint::signed;
use super::super::{Snapshot, Tables};
use super::state::{State, forget};

const AFTER: &str = include_str!("../../sql/changes_after.sql");
const LINK: &str = include_str!("../../sql/changes_link.sql");
const KEPT_FROM: &str = include_str!("../../sql/changes_kept_from.sql");

/// So many entries are forgotten at a time: some milliseconds, in which nobody else writes.
const AT_ONCE: u64 = 5_000;

impl Tables {
    /// A part of the journal, as of one moment of the group; none where it keeps none.
    pub(crate) fn read_journal(
        &self,
        connection: &Connection,
        from: JournalFrom,
        limit: usize,
    ) -> Result<Option<JournalPart>, RowError> {
        let _snapshot = Snapshot::of(connection)?;
        let Some(state) = State::stored(connection, &self.name)?.filter(|_| self.keeps_journal()) else {
            return Ok(None);
        };
        let after = match from {
            JournalFrom::End => Some(state.number),
            JournalFrom::Number(number) => Some(number.clamp(state.forgotten, state.number)),
            JournalFrom::After(mark) => {
                self.is_place(connection, &state, mark).map_err(failure)?.then_some(mark.number)
            }
        };
        Ok(Some(JournalPart {
            entries: match after {
                Some(after) if after < state.number => {
                    self.entries(connection, after, limit).map_err(failure)?
                }
                _ => Vec::new(),
            },
            is_known: after.is_some(),
            end: state.end(),
            forgotten: state.forgotten,
            position: self.checkpoint(connection)?.position,
        }))
    }

    /// Whether a listener that is there can go on.
    fn is_place(&self, connection: &Connection, state: &State, mark: JournalMark) -> rusqlite::Result<bool> {
        if mark.slice != 0 || !(state.forgotten..=state.number).contains(&mark.number) {
            return Ok(false);
        }
        let link = if mark.number == state.forgotten {
            Some(state.forgotten_link)
        } else {
            self.link_at(connection, mark.number)?
        };
        Ok(link == Some(mark.link))
    }

    fn link_at(&self, connection: &Connection, number: u64) -> rusqlite::Result<Option<u64>> {
        let mut statement = connection.prepare_cached(LINK)?;
        let found = statement.query_row(params![self.name, signed(number)], |row| row.get::<_, i64>(0));
        Ok(found.optional()?.map(i64::cast_unsigned))
    }

    fn entries(
        &self,
        connection: &Connection,
        after: u64,
        limit: usize,
    ) -> rusqlite::Result<Vec<JournalEntry>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = connection.prepare_cached(AFTER)?;
        let found = statement.query_map(params![self.name, signed(after), limit], |row| self.entry(row))?;
        found.collect()
    }

    /// Forgets entries that were written before that time, or are more than `most` from the end.
    pub(crate) fn forget_changes(
        &self,
        connection: &Connection,
        before: Timestamp,
        most: u64,
    ) -> Result<u64, RowError> {
        let Some(mut state) = State::stored(connection, &self.name)? else { return Ok(0) };
        let last = state.number.min(state.forgotten + AT_ONCE);
        let kept_from = self.kept_from(connection, (state.forgotten, last), before).map_err(failure)?;
        let until = kept_from.saturating_sub(1).max(state.number.saturating_sub(most).min(last));
        if until <= state.forgotten {
            return Ok(0);
        }
        state.forgotten_link = match self.link_at(connection, until).map_err(failure)? {
            Some(link) => link,
            // invariant: entries are contiguous from `forgotten` on; where somebody has deleted some, nobody can go on there
            None => state.link,
        };
        state.forgotten = until;
        let forgotten = forget(connection, &self.name, until)?;
        state.put(connection, &self.name)?;
        Ok(forgotten as u64)
    }

    /// The number of the first entry behind the one and up to the other that was not written before that time.
    fn kept_from(
        &self,
        connection: &Connection,
        (after, last): (u64, u64),
        before: Timestamp,
    ) -> rusqlite::Result<u64> {
        let mut statement = connection.prepare_cached(KEPT_FROM)?;
        let values = params![self.name, signed(after), signed(last), before.as_micros()];
        let found = statement.query_row(values, |row| row.get::<_, i64>(0)).optional()?;
        Ok(found.map_or(last + 1, i64::cast_unsigned))
    }
}
