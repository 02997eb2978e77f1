//! The tables, number by number. Each part of the store has a list of its own, and brings up its own tables alone.
//!
//! Nodes of two versions may work on one database while they are replaced one by one: a migration says which programs can still
//! work with what it leaves, and a program that knows less does not start.

mod run;
mod script;
mod state;
#[cfg(test)]
mod tests;

use crate::connection::Connection;
use crate::error::OpenError;
use crate::options::Options;

pub(crate) use run::bring_up;

/// A part of the store: the tables of the log, or those of the rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// The first one is number 1.
    pub(crate) migrations: &'static [Migration],
}

/// What brings the tables from one number to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    pub(crate) sql: &'static str,
    /// Programs that know the part up to this number can still work with what it leaves. Its own number where none can.
    pub(crate) oldest: i32,
}

/// The tables of the log.
pub(crate) const LOG: Part = Part {
    name: "log",
    migrations: &[
        Migration { sql: include_str!("../../migrations/log/0001.sql"), oldest: 1 },
        Migration { sql: include_str!("../../migrations/log/0002.sql"), oldest: 1 },
    ],
};

/// The tables of read models.
pub(crate) const ROWS: Part = Part {
    name: "rows",
    migrations: &[Migration { sql: include_str!("../../migrations/rows/0001.sql"), oldest: 1 }],
};

/// What operators have decided.
pub(crate) const LEDGER: Part = Part {
    name: "ledger",
    migrations: &[Migration { sql: include_str!("../../migrations/ledger/0001.sql"), oldest: 1 }],
};

/// The lines that imports could not take.
pub(crate) const TRIAGE: Part = Part {
    name: "triage",
    migrations: &[Migration { sql: include_str!("../../migrations/triage/0001.sql"), oldest: 1 }],
};

/// Everything that a schema holds.
const PARTS: &[Part] = &[LOG, ROWS, LEDGER, TRIAGE];

impl Part {
    /// The number of its last migration.
    fn known(&self) -> i32 {
        i32::try_from(self.migrations.len()).unwrap_or(i32::MAX)
    }

    /// Its migrations behind a number, each with its own.
    fn behind(&self, number: i32) -> impl Iterator<Item = (i32, &'static Migration)> {
        (1..).zip(self.migrations).filter(move |(own, _)| *own > number)
    }
}

/// Brings the tables of a schema to where this program knows them, and says what has been done: nothing, where they are there.
///
/// # Errors
/// Where the server cannot be reached or is not to be used, where the tables are newer than this program can work with, or where
/// its user may not change them.
pub async fn migrate(options: &Options) -> Result<Vec<String>, OpenError> {
    let connection = Connection::open(&options.unhurried()).await?;
    bring_up(&connection, options, PARTS).await
}

/// The SQL that [`migrate`] would run, for whoever runs it by hand. Empty where there is nothing to do.
///
/// # Errors
/// As `migrate`, which this is but for the changes.
pub async fn pending_sql(options: &Options) -> Result<String, OpenError> {
    let connection = Connection::open(&options.unhurried()).await?;
    let state = state::read(&connection, &options.schema).await?;
    state.check(PARTS)?;
    Ok(script::script(&options.schema, PARTS, &state))
}

/// The SQL that makes a schema's tables where there are none.
#[must_use]
pub fn whole_sql(schema: &str) -> String {
    script::script(schema, PARTS, &state::State::default())
}
