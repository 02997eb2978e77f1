use std::collections::HashMap;

use super::Part;
use crate::connection::Connection;
use crate::error::OpenError;

/// How far a schema's tables have come.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Whether the table is there that says so.
    pub(super) is_there: bool,
    parts: HashMap<String, Stand>,
}

/// Where a part stands.
#[derive(Debug, Default, Clone, Copy)]
struct Stand {
    number: i32,
    /// The lowest number that a program must know.
    oldest: i32,
}

/// Looks where the schema stands. Nothing is locked or made, so that whoever may only look can find that all is well.
pub(super) async fn read(connection: &Connection, schema: &str) -> Result<State, OpenError> {
    let found = connection.query(include_str!("sql/is_there.sql"), &[&schema]).await?;
    if !found.first().is_some_and(|row| row.get(0)) {
        return Ok(State::default());
    }
    let rows = connection.query(include_str!("sql/state.sql"), &[]).await?;
    let parts = rows.iter().map(|row| {
        let stand = Stand { number: row.get(1), oldest: row.get(2) };
        (row.get(0), stand)
    });
    Ok(State { is_there: true, parts: parts.collect() })
}

impl State {
    /// The number of a part's last migration that was run.
    pub(super) fn number(&self, part: &Part) -> i32 {
        self.parts.get(part.name).map_or(0, |stand| stand.number)
    }

    /// Whether there is nothing to do for the parts.
    pub(super) fn has(&self, parts: &[Part]) -> bool {
        self.is_there && parts.iter().all(|part| self.number(part) >= part.known())
    }

    /// Whether this program can work with the tables, once they are at least where it knows them.
    pub(super) fn check(&self, parts: &[Part]) -> Result<(), OpenError> {
        for part in parts {
            let Some(stand) = self.parts.get(part.name) else { continue };
            let (name, known) = (part.name, part.known());
            if stand.oldest > known {
                return Err(OpenError::Tables(format!(
                    "the tables of the {name} are newer than this program: they stand at {}, which programs can work with \
                     that know {} and later, and this one knows {known}. Start a newer program",
                    stand.number, stand.oldest
                )));
            }
            if stand.number > known {
                tracing::info!(
                    part = name,
                    at = stand.number,
                    known,
                    "the tables are newer, and can be worked with"
                );
            }
        }
        Ok(())
    }
}
