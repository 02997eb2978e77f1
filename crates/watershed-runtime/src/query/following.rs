//! A list that somebody follows: what enters it, changes in it and leaves it, from a group's journal.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;
use watershed_core::ports::{Changed, ChangedRow, JournalFrom, JournalMark, JournalPart, RowKey, StoredRow};
use watershed_core::{Ask, Position, TableSpec, Tenant, Timestamp, Token, Value};

use super::{AskError, ErasedView};
use crate::editions::Edition;
use crate::projector::Place;

/// Entries that are read at once.
const CHUNK: usize = 500;

/// Why whoever follows a list is to read it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Again {
    /// They have just begun.
    Begin,
    /// What they have missed is not kept any more, or they come from another history of the rows.
    Missed,
    /// Other rows have been put in place of all of these: a new version, or a rebuild.
    Replaced,
}

/// What has happened to a list.
#[derive(Debug, Clone)]
pub enum ListChange {
    /// It is to be read, with this token at least: what comes after it is told from here on.
    Read {
        /// Why.
        why: Again,
        /// What to ask with.
        token: Token,
        /// The position that the token stands for.
        position: Position,
    },
    /// A row is in it, and was not before, or was another.
    Row {
        /// Its key.
        key: String,
        /// What it is now, as readers see it.
        row: Box<RawValue>,
    },
    /// A row that was in it is in it no more.
    Gone {
        /// Its key.
        key: String,
    },
}

/// Changes of a list, in their order, each with the place behind which to go on once it has been taken in.
#[derive(Debug, Clone)]
pub struct ListChanges {
    /// The changes.
    pub changes: Vec<(JournalMark, ListChange)>,
    /// Where to go on: behind all that was looked at, whether it concerned the list or not.
    pub mark: JournalMark,
}

/// One edition's rows, as whoever follows a list sees them.
pub(crate) struct Followed<'a> {
    pub(crate) edition: &'a Edition,
    pub(crate) ask: &'a Ask,
    pub(crate) tenant: &'a Tenant,
    pub(crate) view: &'a dyn ErasedView,
    pub(crate) now: Timestamp,
}

impl Followed<'_> {
    /// What has happened behind that place; none where the rows have no journal.
    pub(crate) async fn after(
        &self,
        mark: Option<JournalMark>,
        token: impl Fn(Position) -> Token,
    ) -> Result<Option<ListChanges>, AskError> {
        let place = self.edition.place(self.ask.view).map(Place::table);
        let place = place.ok_or_else(|| AskError::NotYet(self.ask.view.to_string()))?;
        let definition = &self.edition.definition;
        if !definition.journaled().any(|journaled| journaled == place) {
            return Ok(None);
        }
        // invariant: the place is one of the group's tables
        let Some(table) = definition.tables().nth(place) else { return Ok(None) };
        check_columns(self.ask, table)?;
        let from = mark.map_or(JournalFrom::End, JournalFrom::After);
        let Some(part) = self.edition.projector.store.read_journal(from, CHUNK).await? else {
            return Ok(None);
        };
        let read = |why| ListChange::Read { why, token: token(part.position), position: part.position };
        if !part.is_known || mark.is_none() {
            let why = if mark.is_none() { Again::Begin } else { Again::Missed };
            let changes = vec![(part.end.mark, read(why))];
            return Ok(Some(ListChanges { changes, mark: part.end.mark }));
        }
        let rows = self.rows(&part, place).await?;
        let mut changes = Vec::new();
        for entry in &part.entries {
            let change = match &entry.changed {
                Changed::Everything => Some(read(Again::Replaced)),
                Changed::Row(row) if self.concerns(row, place) => self.change(row, table, &rows)?,
                Changed::Row(_) => None,
            };
            changes.extend(change.map(|change| (entry.mark, change)));
        }
        let last = part.entries.last().map(|entry| entry.mark).or(mark);
        Ok(Some(ListChanges { changes, mark: last.unwrap_or(part.end.mark) }))
    }

    /// Whether the row may be in the list.
    fn concerns(&self, row: &ChangedRow, place: usize) -> bool {
        row.table == place
            && row.key.tenant == *self.tenant
            && self.ask.key.as_ref().is_none_or(|key| *key == row.key.key)
    }

    /// The rows that the entries are about, as they are now: at least as new as the entries.
    async fn rows(&self, part: &JournalPart, place: usize) -> Result<HashMap<RowKey, StoredRow>, AskError> {
        let mut keys: Vec<RowKey> = part
            .entries
            .iter()
            .filter_map(|entry| match &entry.changed {
                Changed::Row(row) if self.concerns(row, place) => Some(row.key.clone()),
                _ => None,
            })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        let rows = self.edition.projector.store.rows(place, &keys).await?;
        let definition = &self.edition.definition;
        let seen = rows.into_iter().filter(|row| row.shown && !definition.is_past(place, row));
        Ok(seen.map(|row| (row.key.clone(), row)).collect())
    }

    /// What the change is to the list. A row that is in it now is told as it is now, whatever it was in between; one that is not
    /// has left it, if it was in it before this change. So whoever takes in all of them has, in the end, what the list has: a row
    /// that was told leaves it by a change that comes later, and finds it there.
    fn change(
        &self,
        row: &ChangedRow,
        table: &TableSpec,
        rows: &HashMap<RowKey, StoredRow>,
    ) -> Result<Option<ListChange>, AskError> {
        let is_listed = |values: &[Value]| self.ask.filter.holds(table, values);
        let key = || row.key.key.to_string();
        if let Some(stored) = rows.get(&row.key).filter(|stored| is_listed(&stored.values)) {
            let row = self.view.to_json(stored.values.clone(), self.now)?;
            return Ok(Some(ListChange::Row { key: key(), row }));
        }
        let was_listed = row.before.as_ref().is_some_and(|before| is_listed(before));
        Ok(was_listed.then(|| ListChange::Gone { key: key() }))
    }
}

/// Refuses a question for columns that the rows that serve do not have, as a page of them would.
fn check_columns(ask: &Ask, table: &TableSpec) -> Result<(), AskError> {
    let mut unknown = None;
    ask.filter.each_column(&mut |name| {
        if table.column(name).is_none() {
            unknown.get_or_insert_with(|| name.to_owned());
        }
    });
    match unknown {
        None => Ok(()),
        Some(field) => {
            let problem = "not a column that can be filtered or sorted by".to_owned();
            Err(AskError::Malformed { field, problem })
        }
    }
}
