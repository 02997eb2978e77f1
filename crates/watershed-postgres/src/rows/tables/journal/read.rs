use watershed_core::ports::{JournalFrom, JournalMark, JournalPart};
use watershed_core::{Position, Timestamp};
use watershed_store::{from_sql, to_sql};

use super::super::super::edition::Edition;
use super::super::super::failure::Failure;
use super::entries::entry;
use super::state::{State, forget};
use crate::connection::Connection;

const AFTER: &str = include_str!("../../sql/changes_after.sql");
const LINK: &str = include_str!("../../sql/changes_link.sql");
const KEPT_FROM: &str = include_str!("../../sql/changes_kept_from.sql");

/// So many entries are forgotten at a time: some milliseconds, in which nobody else writes.
const AT_ONCE: u64 = 5_000;

/// A part of the journal of a group that has come so far; none where it keeps none. On a connection in a transaction that holds
/// one moment.
pub(crate) async fn read_journal(
    connection: &Connection,
    edition: &Edition,
    (id, position): (i64, Position),
    from: JournalFrom,
    limit: usize,
) -> Result<Option<JournalPart>, Failure> {
    if !edition.keeps_journal() {
        return Ok(None);
    }
    let Some(state) = State::stored(connection, id).await? else { return Ok(None) };
    let after = match from {
        JournalFrom::End => Some(state.number),
        JournalFrom::Number(number) => Some(number.clamp(state.forgotten, state.number)),
        JournalFrom::After(mark) => is_place(connection, id, &state, mark).await?.then_some(mark.number),
    };
    let mut entries = Vec::new();
    if let Some(after) = after.filter(|after| *after < state.number) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        for row in connection.query(AFTER, &[&id, &to_sql(after), &limit]).await? {
            entries.push(entry(edition, &row)?);
        }
    }
    Ok(Some(JournalPart {
        entries,
        is_known: after.is_some(),
        end: state.end(),
        forgotten: state.forgotten,
        position,
    }))
}

/// Whether a listener that is there can go on.
async fn is_place(
    connection: &Connection,
    id: i64,
    state: &State,
    mark: JournalMark,
) -> Result<bool, Failure> {
    if mark.slice != 0 || !(state.forgotten..=state.number).contains(&mark.number) {
        return Ok(false);
    }
    let link = if mark.number == state.forgotten {
        Some(state.forgotten_link)
    } else {
        link_at(connection, id, mark.number).await?
    };
    Ok(link == Some(mark.link))
}

async fn link_at(connection: &Connection, id: i64, number: u64) -> Result<Option<u64>, Failure> {
    let found = connection.query(LINK, &[&id, &to_sql(number)]).await?;
    Ok(found.first().map(|row| row.try_get::<_, i64>(0)).transpose()?.map(from_sql))
}

/// Forgets entries that were written before that time, or are more than `most` from the end.
pub(crate) async fn forget_changes(
    connection: &Connection,
    id: i64,
    before: Timestamp,
    most: u64,
) -> Result<u64, Failure> {
    let Some(mut state) = State::stored(connection, id).await? else { return Ok(0) };
    let last = state.number.min(state.forgotten + AT_ONCE);
    let values = (to_sql(state.forgotten), to_sql(last), before.as_micros());
    let found = connection.query(KEPT_FROM, &[&id, &values.0, &values.1, &values.2]).await?;
    let kept_from = found.first().map(|row| row.try_get::<_, i64>(0)).transpose()?;
    let kept_from = kept_from.map_or(last + 1, from_sql);
    let until = kept_from.saturating_sub(1).max(state.number.saturating_sub(most).min(last));
    if until <= state.forgotten {
        return Ok(0);
    }
    state.forgotten_link = match link_at(connection, id, until).await? {
        Some(link) => link,
        // invariant: entries are contiguous from `forgotten` on; where somebody has deleted some, nobody can go on there
        None => state.link,
    };
    state.forgotten = until;
    let forgotten = forget(connection, id, to_sql(until)).await?;
    state.put(connection, id).await?;
    Ok(forgotten)
}
