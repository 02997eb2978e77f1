//! The journal of a group's rows, in the tables `_changes` and `_journal` beside them.

mod entries;
mod read;
mod state;
mod write;

pub(super) use write::Noted;

use rusqlite::Connection;
use watershed_core::Timestamp;
use watershed_core::ports::{JournalEnd, RowError};

use self::state::State;
use super::super::failure::failure;
use super::Tables;

const CHANGES: &str = include_str!("../../sql/changes.sql");
const JOURNAL: &str = include_str!("../../sql/journal.sql");

/// Makes the tables that journals stand in.
pub(super) fn prepare(connection: &Connection) -> Result<(), RowError> {
    [CHANGES, JOURNAL].into_iter().try_for_each(|table| connection.execute_batch(table).map_err(failure))
}

impl Tables {
    /// Whether changes of the table at that place are written down.
    pub(super) fn is_journaled(&self, place: usize) -> bool {
        self.journal.contains(&place)
    }

    fn keeps_journal(&self) -> bool {
        !self.journal.is_empty()
    }

    /// The names of the tables that the journal is kept for, as they are written down.
    fn journaled_names(&self) -> String {
        let names = self.journal.iter().filter_map(|place| self.tables.get(*place));
        serde_json::Value::from(names.map(|table| &*table.spec.name).collect::<Vec<_>>()).to_string()
    }

    /// Begins a journal where there is none, and ends one that is kept no longer. One that was kept for other tables lacks what
    /// these have gone through: everything may have changed.
    pub(super) fn open_journal(&self, connection: &Connection) -> Result<(), RowError> {
        let stored = State::stored(connection, &self.name)?;
        if !self.keeps_journal() {
            return if stored.is_some() { State::remove(connection, &self.name) } else { Ok(()) };
        }
        let names = self.journaled_names();
        match stored {
            None => State::begin(names).put(connection, &self.name),
            Some(state) if state.tables == names => Ok(()),
            Some(state) => self.begin_again(connection, State { tables: names, ..state }, None),
        }
    }

    /// All rows have been put in the place of others: whoever listens reads everything again.
    pub(crate) fn everything_changed(
        &self,
        connection: &Connection,
        at: Option<Timestamp>,
    ) -> Result<(), RowError> {
        match State::stored(connection, &self.name)? {
            Some(state) if self.keeps_journal() => self.begin_again(connection, state, at),
            _ => Ok(()),
        }
    }

    /// [`Tables::everything_changed`] behind another journal's end.
    pub(crate) fn take_over(
        &self,
        connection: &Connection,
        from: JournalEnd,
        at: Timestamp,
    ) -> Result<(), RowError> {
        let Some(mut state) = State::stored(connection, &self.name)?.filter(|_| self.keeps_journal()) else {
            return Ok(());
        };
        // Numbers never go back: where this journal has come further by itself, nobody may take its places for those of the other.
        if from.mark.number >= state.number {
            (state.number, state.link) = (from.mark.number, from.mark.link);
        }
        state.generation = state.generation.max(from.generation);
        self.begin_again(connection, state, Some(at))
    }
}
