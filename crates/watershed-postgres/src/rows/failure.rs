//! What PostgreSQL's errors mean to whoever reads and writes rows.

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;
use watershed_core::ports::RowError;

use crate::error::{OpenError, ends_connection, in_words};

/// Why something with rows failed: the database said so, or we did.
#[derive(Debug)]
pub(crate) enum Failure {
    Sql(Error),
    Open(OpenError),
    Row(RowError),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Sql(error)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        Self::Open(error)
    }
}

impl From<RowError> for Failure {
    fn from(error: RowError) -> Self {
        Self::Row(error)
    }
}

impl From<Failure> for RowError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Sql(error) => row_error(&error),
            Failure::Open(error) => RowError::Store(error.to_string()),
            Failure::Row(error) => error,
        }
    }
}

impl Failure {
    /// Whether the connection is gone, and with it the answer.
    pub(crate) fn is_lost(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        ends_connection(error) || error.code().is_none_or(|code| code.code().starts_with("08"))
    }

    /// Whether a write on what was known has met something else: `lock_as_known.sql` divides by nothing then.
    pub(crate) fn is_not_as_known(&self) -> bool {
        self.is_stale()
            || matches!(self, Self::Sql(error) if error.code() == Some(&SqlState::DIVISION_BY_ZERO))
    }

    /// Whether the statement names a table that is gone: others may have taken its place.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self, Self::Sql(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE))
    }
}

/// The error, in the port's words.
pub(crate) fn row_error(error: &Error) -> RowError {
    let words = in_words(error);
    match error.code().map(SqlState::code) {
        // A disk that is full, an I/O error, a server that only reads.
        Some("53100" | "58030" | "25006") => RowError::ReadOnly(words),
        Some("42501") => RowError::Store(format!(
            "{words}. Beside its tables the program's user needs their sequences, and makes tables of rows as read models come: \
             `GRANT USAGE ON ALL SEQUENCES IN SCHEMA ..` and `GRANT CREATE ON SCHEMA ..`, or keep the rows in each process's folder \
             (`store.rows = \"folder\"`)"
        )),
        Some("XX001" | "XX002") => RowError::Damaged(format!(
            "PostgreSQL says that its files are damaged: {words}. Look into the server's log; rows are folded anew from the log"
        )),
        _ => RowError::Store(words),
    }
}

/// PostgreSQL's texts hold everything but NUL: in words for people it is replaced.
pub(crate) fn without_nul(words: &str) -> std::borrow::Cow<'_, str> {
    if words.contains('\0') { words.replace('\0', "\u{fffd}").into() } else { words.into() }
}
