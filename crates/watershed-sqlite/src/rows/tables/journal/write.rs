use rusqlite::Connection;
use watershed_core::Timestamp;
use watershed_core::ports::{JournalMark, RowChange, RowError, RowState, RowsBatch, StoredRow};
use watershed_store::rows::{NotedRow, change_link, written_image};

use super::super::Tables;
use super::entries::add;
use super::state::{State, forget};

/// The changes of a batch that are to be written down: looked at before the rows are changed, written after.
pub(in super::super) type Noted<'a> = Vec<NotedRow<'a>>;

impl Tables {
    /// What these changes are to whoever listens; nothing, where readers saw no such row before and see none after.
    pub(in super::super) fn note<'a>(
        &'a self,
        connection: &Connection,
        batch: &RowsBatch,
        (place, changes): (usize, &'a [RowChange]),
        noted: &mut Noted<'a>,
    ) -> Result<(), RowError> {
        if !self.is_journaled(place) {
            return Ok(());
        }
        let spec = &self.at(place)?.spec;
        for change in changes {
            let (RowChange::Put(StoredRow { key, .. }) | RowChange::Delete(key)) = change;
            let stored = self.row(connection, place, key)?;
            let seen = stored.as_ref().filter(|row| row.shown);
            let (state, position, revision) = match change {
                RowChange::Put(row) if row.shown => (RowState::Shown, row.position, row.revision),
                RowChange::Put(row) => (RowState::Hidden, row.position, row.revision),
                RowChange::Delete(_) => {
                    let revision = stored.as_ref().map_or(0, |row| row.revision + 1);
                    (RowState::Gone, batch.checkpoint.position, revision)
                }
            };
            if seen.is_none() && state != RowState::Shown {
                continue;
            }
            let before = seen.map(|row| written_image(spec, &row.values));
            noted.push(NotedRow { table: &spec.name, key, position, revision, state, before });
        }
        Ok(())
    }

    /// Writes down what was noted.
    pub(in super::super) fn write_down(
        &self,
        connection: &Connection,
        noted: &Noted<'_>,
        at: Option<Timestamp>,
    ) -> Result<(), RowError> {
        if noted.is_empty() {
            return Ok(());
        }
        let Some(mut state) = State::stored(connection, &self.name)? else {
            return Err(RowError::Store(format!(
                "the journal of `{}` has been deleted: start again",
                self.name
            )));
        };
        for row in noted {
            state.number += 1;
            state.link = change_link(state.link, state.number, state.generation, Some(row));
            let mark = JournalMark { slice: 0, number: state.number, link: state.link };
            add(connection, &self.name, mark, state.generation, at.unwrap_or(NEVER), Some(row))?;
        }
        state.put(connection, &self.name)
    }

    /// Says that everything may have changed. What was written down before is of no use to anybody any more: whoever has not read
    /// it reads everything again.
    pub(super) fn begin_again(
        &self,
        connection: &Connection,
        state: State,
        at: Option<Timestamp>,
    ) -> Result<(), RowError> {
        forget(connection, &self.name, u64::MAX)?;
        let (number, generation) = (state.number + 1, state.generation + 1);
        let mark = JournalMark { slice: 0, number, link: change_link(state.link, number, generation, None) };
        add(connection, &self.name, mark, generation, at.unwrap_or(NEVER), None)?;
        let begun = State {
            number,
            link: mark.link,
            forgotten: state.number,
            forgotten_link: state.link,
            generation,
            ..state
        };
        begun.put(connection, &self.name)
    }
}

/// Of an entry that nobody gave a time: it is the first one to be forgotten, and whoever has not read it by then reads everything
/// again.
const NEVER: Timestamp = Timestamp::from_micros(0);
