//! What a log tells operators of its server.

use std::sync::{Mutex, PoisonError};

use tokio_postgres::Error;

use crate::connection::Connection;
use crate::options::Options;

/// The server behind a log, as it was when the log was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct About {
    /// Where it is, and in which schema: nothing of it is secret.
    pub place: String,
    /// Its version.
    pub version: String,
    /// Whether what goes there and back is encrypted.
    pub encrypted: bool,
    /// Whether it is reached without a network that others could listen to.
    pub local: bool,
    /// How commits are kept: `on`, or `remote_apply`.
    pub synchronous_commit: String,
    /// The standbys that commits wait for; empty where there are none.
    pub standbys: String,
}

impl About {
    pub(super) async fn of(connection: &Connection, options: &Options) -> Result<Self, Error> {
        let rows = connection.query(include_str!("sql/select_about.sql"), &[]).await?;
        let text =
            |place| rows.first().and_then(|row| row.get::<_, Option<String>>(place)).unwrap_or_default();
        let is = |place| rows.first().and_then(|row| row.get::<_, Option<bool>>(place)).unwrap_or_default();
        Ok(Self {
            place: format!("{} (schema {})", options.place(), options.schema),
            version: text(0),
            encrypted: is(1),
            local: is(2),
            synchronous_commit: text(3),
            standbys: text(4),
        })
    }
}

/// Whether the server could be reached when it was last tried.
#[derive(Debug, Default)]
pub(super) struct Reach(Mutex<Option<String>>);

impl Reach {
    pub(super) fn set(&self, problem: Option<String>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = problem;
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
