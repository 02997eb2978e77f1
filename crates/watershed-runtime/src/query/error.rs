use watershed_core::ports::{LogError, RowError};
use watershed_core::{Denied, Position};

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AskError {
    /// No view bears that name.
    #[error("there is no view `{0}`")]
    UnknownView(String),
    /// An operator has taken the view out of use.
    #[error("the view `{0}` is switched off")]
    SwitchedOff(String),
    /// The version that serves does not have the view.
    #[error(
        "the version that serves does not have the view `{0}` yet: it comes with the cutover to the next one"
    )]
    NotYet(String),
    /// The view keeps no journal of its changes.
    #[error(
        "the lists of `{0}` cannot be followed: it keeps no journal of its changes. Add `journal = keep(7d)` to its contract"
    )]
    NotFollowed(String),
    /// No query bears that name.
    #[error("there is no query `{0}`")]
    UnknownQuery(String),
    /// A filter, sort or parameter is not what it should be.
    #[error("`{field}`: {problem}")]
    Malformed {
        /// The parameter at fault.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The cursor is none, or was made for another question.
    #[error(
        "`after` is not a cursor of this question: pass `next` unchanged, with the same filters and sorting"
    )]
    WrongCursor,
    /// The token belongs to another log, or to a life of this one before a restore.
    #[error(
        "the token belongs to another log (or to this one before a restore): use a token that this context gave"
    )]
    ForeignToken,
    /// The authorizer says no.
    #[error("not allowed: {0}")]
    Denied(Denied),
    /// The rows did not reach the token in time.
    #[error(
        "the rows are at position {position}, the token demands {demanded}: ask again, or let Watershed-On-Stale say `serve`"
    )]
    NotReached {
        /// How far the rows have come.
        position: Position,
        /// What the token demands.
        demanded: Position,
    },
    /// The stored row does not fit the program's row type.
    #[error("a stored row cannot be read: {0}. Rebuild the view")]
    UnreadableRow(String),
    /// The stream holds an event that this program cannot read.
    #[error("the stream cannot be read: {0}")]
    UnreadableStream(String),
    /// The log is damaged where the answer depends on it: asking again does not help.
    #[error("{0}")]
    DamagedLog(String),
    /// The file of the view's rows is damaged: asking again does not help.
    #[error("{0}")]
    DamagedView(String),
    /// The store failed, or the context is closed.
    #[error("the store failed: {0}")]
    Unavailable(String),
}

impl From<LogError> for AskError {
    fn from(error: LogError) -> Self {
        let problem = error.to_string();
        if error.is_damage() { Self::DamagedLog(problem) } else { Self::Unavailable(problem) }
    }
}

impl From<RowError> for AskError {
    fn from(error: RowError) -> Self {
        match error {
            RowError::NoSuchColumn(column) => Self::Malformed {
                field: column,
                problem: "not a column that can be filtered or sorted by".to_owned(),
            },
            RowError::WrongCursor => Self::WrongCursor,
            RowError::Damaged(problem) => Self::DamagedView(problem),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

impl AskError {
    /// Whether the same question may be answered when it is asked again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::NotReached { .. } | Self::Unavailable(_))
    }
}
