//! What PostgreSQL says, in words.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity, SqlState};
use watershed_core::ports::LogError;

/// Why a store on PostgreSQL was not opened, or a connection not made. No error names a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// What says where the server is makes no sense, or names what is not there.
    #[error("the settings for PostgreSQL cannot be used: {0}")]
    Settings(String),
    /// No connection was made: the server could not be reached, or lets nobody in.
    #[error("no connection to {place}: {problem}{}", help(.problem))]
    Unconnected {
        /// Where it was looked for, as an address without a user.
        place: String,
        /// What came of it.
        problem: ServerError,
    },
    /// The server has said no.
    #[error("PostgreSQL: {0}")]
    Server(ServerError),
    /// Nothing came back in time.
    #[error("PostgreSQL did not answer within {0:?}")]
    Silent(Duration),
    /// The server is there, and would not keep what it has acknowledged, or cannot do what is needed.
    #[error("this PostgreSQL server cannot be used: {0}")]
    Refused(String),
    /// The tables are not those that this program can work with, and it may not change them.
    #[error("{0}")]
    Tables(String),
}

/// What the server or the connection to it has said.
#[derive(Debug, thiserror::Error)]
#[error("{}", in_words(.0))]
pub struct ServerError(Error);

impl ServerError {
    /// The server's code for it, where it comes from the server.
    #[must_use]
    pub fn code(&self) -> Option<&SqlState> {
        self.0.code()
    }
}

/// What to look at where nobody has answered.
fn help(problem: &ServerError) -> &'static str {
    if problem.code().is_some() { "" } else { ". Is it running, and is that where it is?" }
}

impl From<Error> for ServerError {
    fn from(error: Error) -> Self {
        Self(error)
    }
}

impl From<Error> for OpenError {
    fn from(error: Error) -> Self {
        Self::Server(ServerError(error))
    }
}

impl OpenError {
    /// What has become of an attempt to connect to that place.
    pub(crate) fn on_the_way_to(self, place: impl FnOnce() -> String) -> Self {
        match self {
            Self::Server(problem) => Self::Unconnected { place: place(), problem },
            other => other,
        }
    }
}

impl From<OpenError> for LogError {
    fn from(error: OpenError) -> Self {
        Self::Store(error.to_string())
    }
}

/// What to do where the server lets nobody in any more.
const TOO_MANY: &str = ". A node takes 10 to 20 connections for each context that it hosts: raise `max_connections` on the server, or \
                        lower `store.readers`";

/// The error with what is behind it: by itself the driver says only that there is one.
pub(crate) fn in_words(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => {
            let help = if *said.code() == SqlState::TOO_MANY_CONNECTIONS { TOO_MANY } else { "" };
            format!("{} ({}){help}", said.message(), said.code().code())
        }
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

/// Whether the server has ended the connection with this error. It says so before it closes.
pub(crate) fn ends_connection(error: &Error) -> bool {
    let severity = error.as_db_error().and_then(DbError::parsed_severity);
    matches!(severity, Some(Severity::Fatal | Severity::Panic))
}

/// A failure to read the log.
pub(crate) fn store_error(error: &Error) -> LogError {
    LogError::Store(in_words(error))
}
