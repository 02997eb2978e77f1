use std::path::Path;

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};
use watershed_core::ports::LogError;
use watershed_core::{Position, Version};

use super::postings;
use crate::OpenError;
use crate::connection::open_reader;
use crate::log::lists::ListId;
use crate::log::row::{from_sql, store_error, to_sql};
use crate::log::tail::{After, Run};

/// The index, open for reading.
pub(crate) struct IndexReader {
    pub(super) connection: Connection,
}

impl IndexReader {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        open_reader(path).map(|connection| Self { connection })
    }

    pub(super) fn statement(&self, sql: &'static str) -> Result<CachedStatement<'_>, LogError> {
        self.connection.prepare_cached(sql).map_err(|error| store_error(&error))
    }

    /// The runs of a list that reach beyond `after`, older first. The first may start before it.
    pub(crate) fn runs(&self, list: ListId, after: After) -> Result<Vec<Run>, LogError> {
        let (sql, after) = match after {
            After::Position(after) => (include_str!("sql/select_after_position.sql"), after),
            After::Version(after) => (include_str!("sql/select_after_version.sql"), after),
        };
        let mut statement = self.statement(sql)?;
        let mut rows =
            statement.query((list.to_bytes(), to_sql(after))).map_err(|error| store_error(&error))?;
        let mut runs = Vec::new();
        while let Some(row) = rows.next().map_err(|error| store_error(&error))? {
            let run = run_of(row).map_err(|error| store_error(&error))?;
            runs.push(run.ok_or_else(damaged)?);
        }
        Ok(runs)
    }

    /// The last event of a list: its version, where the list is a stream, and its position.
    pub(crate) fn newest(&self, list: ListId) -> Result<Option<(Version, Position)>, LogError> {
        self.statement(include_str!("sql/select_newest.sql"))?
            .query_row([list.to_bytes()], |row| Ok((from_sql(row.get(0)?), from_sql(row.get(1)?))))
            .optional()
            .map_err(|error| store_error(&error))
    }

    /// The position of the first event of a list.
    pub(crate) fn oldest(&self, list: ListId) -> Result<Option<Position>, LogError> {
        self.statement(include_str!("sql/select_oldest.sql"))?
            .query_row([list.to_bytes()], |row| row.get(0).map(from_sql))
            .optional()
            .map_err(|error| store_error(&error))
    }
}

fn run_of(row: &Row<'_>) -> rusqlite::Result<Option<Run>> {
    let (first, version) = (from_sql(row.get(0)?), from_sql(row.get(1)?));
    let positions = row.get_ref(2)?.as_blob()?;
    Ok(postings::decode(version, first, positions))
}

fn damaged() -> LogError {
    LogError::Store(
        "the index is damaged. Delete index.db and start again: it is made again from the log".to_owned(),
    )
}
