//! Lists that somebody follows, and a look at the journals that they are followed by.

use serde::Serialize;
use watershed_core::ports::{Changed, JournalEntry, JournalFrom, JournalMark, RowState};
use watershed_core::{Ask, Position, Principal, Timestamp};

use super::operate::OperateError;
use super::running::{PageAsk, Running};
use super::views::RunningView;
use super::writes::Writes;
use crate::editions::{Flag, Group};
use crate::query::{AskError, Followed, ListChanges, Stand, Terms};

/// Entries that operators are shown at once, where they do not say how many.
const SHOWN: usize = 100;

/// Follows a list: made by [`Running::follow_page`] and [`Running::follow_query`].
pub struct Following {
    running: Running,
    writes: Writes,
    ask: Ask,
    terms: Terms,
    mark: Option<JournalMark>,
}

impl Following {
    /// What has happened to the list since; waits until something has been written. Nothing may have happened to the list itself:
    /// it is gone on from the mark all the same. May be dropped while it waits, and called again.
    ///
    /// # Errors
    /// As [`Following::look`], and where the context is closed.
    pub async fn next(&mut self) -> Result<ListChanges, AskError> {
        loop {
            if let Some(changes) = self.look().await? {
                return Ok(changes);
            }
            self.writes.next().await?;
        }
    }

    /// What has happened to the list since; none where nothing has been written. Does not wait.
    ///
    /// # Errors
    /// Where the caller may not see it (any more), it is switched off, nobody can follow it, or a store fails.
    pub async fn look(&mut self) -> Result<Option<ListChanges>, AskError> {
        loop {
            let view = self.running.view(self.ask.view)?;
            let group = followed(view)?;
            let fetch = &self.running.0.fetch;
            fetch.authorize(self.ask.view, &self.terms)?;
            if group.flag() != Flag::Serving {
                return Err(AskError::SwitchedOff(self.ask.view.to_owned()));
            }
            let edition = group.serving();
            let shown_as = edition.definition.shown_as.get(self.ask.view).unwrap_or(&view.view).clone();
            let rows = Followed {
                edition: &edition,
                ask: &self.ask,
                tenant: &self.terms.principal.tenant,
                view: &*shown_as,
                now: fetch.clock.now(),
            };
            let changes = rows.after(self.mark, |position| fetch.token(position)).await?;
            // What another edition has written since it serves no more is not this history.
            if group.serving().number != edition.number {
                continue;
            }
            let changes = changes.ok_or_else(|| AskError::NotFollowed(self.ask.view.to_owned()))?;
            let is_new = self.mark != Some(changes.mark);
            self.mark = Some(changes.mark);
            return Ok(is_new.then_some(changes));
        }
    }
}

/// The group whose journal the view's lists are followed by.
fn followed(view: &RunningView) -> Result<&std::sync::Arc<Group>, AskError> {
    match &view.stand {
        Stand::Kept { group } => Ok(group),
        Stand::Current { .. } => Err(AskError::NotFollowed(view.name.to_owned())),
    }
}

/// An entry of a journal, as operators see it.
#[derive(Debug, Clone, Serialize)]
pub struct ChangeEntry {
    /// Its slice.
    pub slice: u16,
    /// Its number.
    pub number: u64,
    /// How often everything had changed.
    pub generation: u64,
    /// When it was written.
    pub at: Timestamp,
    /// `shown`, `hidden` or `gone`: what has become of the row; `everything`, where any row may have changed.
    pub what: &'static str,
    /// The view.
    pub view: Option<String>,
    /// Whose row it is.
    pub tenant: Option<String>,
    /// The row's key.
    pub key: Option<String>,
    /// The position of the last event that changed it.
    pub position: Option<Position>,
    /// How often the row has changed since it was made.
    pub revision: Option<u64>,
    /// Whether readers saw the row before.
    pub was_shown: Option<bool>,
}

/// A part of a journal, as operators see it.
#[derive(Debug, Clone, Serialize)]
pub struct Changes {
    /// The group whose journal it is.
    pub group: String,
    /// The edition that serves.
    pub edition: u32,
    /// The entries.
    pub changes: Vec<ChangeEntry>,
    /// The number of the first entry that is still kept; of the next one, where there is none.
    pub first: u64,
    /// The number of the last entry.
    pub last: u64,
    /// How often everything has changed.
    pub generation: u64,
}

impl Running {
    /// Follows a page's list: the rows that its filters let through, whatever its size and sorting. Goes on behind `mark`.
    ///
    /// # Errors
    /// Where there is no such list.
    pub fn follow_page(
        &self,
        view: &str,
        page: PageAsk,
        terms: Terms,
        mark: Option<JournalMark>,
    ) -> Result<Following, AskError> {
        let ask = self.page_ask(view, page)?;
        self.follow(ask, terms, mark)
    }

    /// Follows the list that a named query asks for.
    ///
    /// # Errors
    /// Where there is no such query, or its parameters are not what they should be.
    pub fn follow_query(
        &self,
        name: &str,
        parameters: &[(String, String)],
        terms: Terms,
        mark: Option<JournalMark>,
    ) -> Result<Following, AskError> {
        let (ask, _) = self.query_ask(name, parameters)?;
        self.follow(ask, terms, mark)
    }

    fn follow(&self, ask: Ask, terms: Terms, mark: Option<JournalMark>) -> Result<Following, AskError> {
        followed(self.view(ask.view)?)?;
        if ask.after.is_some() {
            let problem = "a list that is followed has no pages: leave it out".to_owned();
            return Err(AskError::Malformed { field: "after".to_owned(), problem });
        }
        // Before anything is read: what is written from then on is told of.
        let writes = self.writes(ask.view)?;
        Ok(Following { running: self.clone(), writes, ask, terms, mark })
    }

    /// The journal of a view's group, behind that number.
    ///
    /// # Errors
    /// Where the caller may not see it, there is no such view, or it has no journal.
    pub async fn changes(
        &self,
        principal: &Principal,
        view: &str,
        after: u64,
        limit: Option<usize>,
    ) -> Result<Changes, OperateError> {
        self.operate(principal, "read-changes")?;
        let edition = self.group(view)?.serving();
        let from = JournalFrom::Number(after);
        let part = edition.projector.store.read_journal(from, limit.unwrap_or(SHOWN)).await?;
        let part = part.ok_or_else(|| {
            OperateError::WrongState(format!(
                "`{view}` keeps no journal of its changes: add `journal = keep(7d)` to its contract"
            ))
        })?;
        let tables: Vec<_> = edition.definition.tables().collect();
        let name = |table: usize| tables.get(table).map(|table| table.name.to_string());
        Ok(Changes {
            group: edition.definition.name().to_owned(),
            edition: edition.number,
            changes: part.entries.into_iter().map(|entry| shown(entry, &name)).collect(),
            first: part.forgotten + 1,
            last: part.end.mark.number,
            generation: part.end.generation,
        })
    }
}

fn shown(entry: JournalEntry, name: &dyn Fn(usize) -> Option<String>) -> ChangeEntry {
    let JournalEntry { mark, generation, at, changed } = entry;
    let empty = ChangeEntry {
        slice: mark.slice,
        number: mark.number,
        generation,
        at,
        what: "everything",
        view: None,
        tenant: None,
        key: None,
        position: None,
        revision: None,
        was_shown: None,
    };
    match changed {
        Changed::Everything => empty,
        Changed::Row(row) => ChangeEntry {
            what: match row.state {
                RowState::Shown => "shown",
                RowState::Hidden => "hidden",
                RowState::Gone => "gone",
            },
            view: name(row.table),
            tenant: Some(row.key.tenant.to_string()),
            key: Some(row.key.key.to_string()),
            position: Some(row.position),
            revision: Some(row.revision),
            was_shown: Some(row.before.is_some()),
            ..empty
        },
    }
}
