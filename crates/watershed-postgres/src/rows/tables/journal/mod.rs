//! The journal of a group's rows, in the tables `changes` and `journals`. Whoever changes it holds the lock of the checkpoint's row.

mod entries;
mod read;
mod state;
mod write;

pub(crate) use read::{forget_changes, read_journal};
pub(crate) use write::{note, write_down};

use watershed_core::Timestamp;
use watershed_core::ports::JournalEnd;

use self::state::State;
use self::write::begin_again;
use super::super::edition::Edition;
use super::super::failure::Failure;
use crate::connection::Connection;

impl Edition {
    /// Whether changes of the table at that place are written down.
    fn is_journaled(&self, place: usize) -> bool {
        self.journal.contains(&place)
    }

    pub(crate) fn keeps_journal(&self) -> bool {
        !self.journal.is_empty()
    }

    /// The names of the tables that the journal is kept for, as they are written down.
    fn journaled_names(&self) -> Vec<String> {
        let specs = self.journal.iter().filter_map(|place| self.specs.get(*place));
        specs.map(|spec| spec.name.to_string()).collect()
    }
}

/// Begins a journal where there is none, and ends one that is kept no longer. One that was kept for other tables lacks what
/// these have gone through: everything may have changed.
pub(crate) async fn begin_journal(
    connection: &Connection,
    edition: &Edition,
    id: i64,
) -> Result<(), Failure> {
    let stored = State::stored(connection, id).await?;
    if !edition.keeps_journal() {
        return if stored.is_some() { remove(connection, id).await } else { Ok(()) };
    }
    let names = edition.journaled_names();
    match stored {
        None => State::begin(names).put(connection, id).await,
        Some(state) if state.tables == names => Ok(()),
        Some(state) => begin_again(connection, id, State { tables: names, ..state }, None).await,
    }
}

/// Forgets the journal.
pub(crate) async fn remove(connection: &Connection, id: i64) -> Result<(), Failure> {
    State::remove(connection, id).await
}

/// All rows have been put in the place of others: whoever listens reads everything again.
pub(crate) async fn everything_changed(
    connection: &Connection,
    edition: &Edition,
    id: i64,
    at: Option<Timestamp>,
) -> Result<(), Failure> {
    if !edition.keeps_journal() {
        return Ok(());
    }
    match State::stored(connection, id).await? {
        Some(state) => begin_again(connection, id, state, at).await,
        None => Ok(()),
    }
}

/// [`everything_changed`] behind another journal's end.
pub(crate) async fn take_over(
    connection: &Connection,
    edition: &Edition,
    id: i64,
    from: JournalEnd,
    at: Timestamp,
) -> Result<(), Failure> {
    if !edition.keeps_journal() {
        return Ok(());
    }
    let Some(mut state) = State::stored(connection, id).await? else { return Ok(()) };
    // Numbers never go back: where this journal has come further by itself, nobody may take its places for those of the other.
    if from.mark.number >= state.number {
        (state.number, state.link) = (from.mark.number, from.mark.link);
    }
    state.generation = state.generation.max(from.generation);
    begin_again(connection, id, state, Some(at)).await
}
