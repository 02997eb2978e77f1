use std::collections::HashMap;

use tokio_postgres::types::ToSql;
use watershed_core::Timestamp;
use watershed_core::ports::{JournalMark, RowChange, RowError, RowState, RowsBatch, StoredRow};
use watershed_store::rows::{NotedRow, change_link, written_image};

use super::super::super::edition::{Edition, Made};
use super::super::super::failure::Failure;
use super::super::read::rows;
use super::super::write::Changes;
use super::entries::{ADD, Entries};
use super::state::{PUT, State, forget};
use crate::connection::Connection;

/// The changes of a batch that are to be written down: looked at before the rows are changed, written with them.
pub(crate) type Noted<'a> = Vec<NotedRow<'a>>;

/// What these changes are to whoever listens; nothing, where readers saw no such row before and see none after.
pub(crate) async fn note<'a>(
    connection: &Connection,
    edition: &'a Edition,
    made: &Made,
    batch: &RowsBatch,
    changes: &Changes<'a>,
) -> Result<Noted<'a>, Failure> {
    let mut noted = Noted::new();
    for table in changes.tables.iter().filter(|table| edition.is_journaled(table.place)) {
        let spec = &edition.specs[table.place];
        let keys: Vec<_> = table.changes.iter().map(|(_, change)| key_of(change).clone()).collect();
        let stored = rows(made, table.place, &keys, connection).await?.unwrap_or_default();
        let stored: HashMap<_, StoredRow> = stored.into_iter().map(|row| (row.key.clone(), row)).collect();
        for (_, change) in &table.changes {
            let key = key_of(change);
            let stored = stored.get(key);
            let seen = stored.filter(|row| row.shown);
            let (state, position, revision) = match change {
                RowChange::Put(row) if row.shown => (RowState::Shown, row.position, row.revision),
                RowChange::Put(row) => (RowState::Hidden, row.position, row.revision),
                RowChange::Delete(_) => {
                    let revision = stored.map_or(0, |row| row.revision + 1);
                    (RowState::Gone, batch.checkpoint.position, revision)
                }
            };
            if seen.is_none() && state != RowState::Shown {
                continue;
            }
            let before = seen.map(|row| written_image(spec, &row.values));
            noted.push(NotedRow { table: &spec.name, key, position, revision, state, before });
        }
    }
    Ok(noted)
}

fn key_of(change: &RowChange) -> &watershed_core::ports::RowKey {
    let (RowChange::Put(StoredRow { key, .. }) | RowChange::Delete(key)) = change;
    key
}

/// Writes down what was noted.
pub(crate) async fn write_down(
    connection: &Connection,
    edition: &Edition,
    id: i64,
    noted: &Noted<'_>,
    at: Option<Timestamp>,
) -> Result<(), Failure> {
    if noted.is_empty() {
        return Ok(());
    }
    let Some(mut state) = State::stored(connection, id).await? else {
        let problem = format!("the journal of `{}` has been deleted: start again", edition.name);
        return Err(RowError::Store(problem).into());
    };
    let mut entries = Entries::default();
    for row in noted {
        state.number += 1;
        state.link = change_link(state.link, state.number, state.generation, Some(row));
        entries.add(state.number, state.link, Some(row));
    }
    put(connection, id, &state, &entries, at).await
}

/// Says that everything may have changed. What was written down before is of no use to anybody any more: whoever has not read
/// it reads everything again.
pub(super) async fn begin_again(
    connection: &Connection,
    id: i64,
    state: State,
    at: Option<Timestamp>,
) -> Result<(), Failure> {
    forget(connection, id, i64::MAX).await?;
    let (number, generation) = (state.number + 1, state.generation + 1);
    let mark = JournalMark { slice: 0, number, link: change_link(state.link, number, generation, None) };
    let begun = State {
        number,
        link: mark.link,
        forgotten: state.number,
        forgotten_link: state.link,
        generation,
        ..state
    };
    let mut entries = Entries::default();
    entries.add(number, mark.link, None);
    put(connection, id, &begun, &entries, at).await
}

/// Writes entries and where the journal ends with them, one behind the other without waiting.
async fn put(
    connection: &Connection,
    id: i64,
    state: &State,
    entries: &Entries<'_>,
    at: Option<Timestamp>,
) -> Result<(), Failure> {
    let numbers = state.numbers();
    let at = at.unwrap_or(NEVER).as_micros();
    let all: [&(dyn ToSql + Sync); 12] = [
        &id,
        &numbers[4],
        &at,
        &entries.numbers,
        &entries.links,
        &entries.tables,
        &entries.tenants,
        &entries.keys,
        &entries.positions,
        &entries.revisions,
        &entries.states,
        &entries.before,
    ];
    let end: [&(dyn ToSql + Sync); 7] =
        [&id, &state.tables, &numbers[0], &numbers[1], &numbers[2], &numbers[3], &numbers[4]];
    let (added, put) = tokio::join!(biased; connection.execute(ADD, &all), connection.execute(PUT, &end));
    added?;
    put?;
    Ok(())
}

/// Of an entry that nobody gave a time: it is the first one to be forgotten, and whoever has not read it by then reads everything
/// again.
const NEVER: Timestamp = Timestamp::from_micros(0);
