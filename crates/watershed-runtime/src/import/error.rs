use watershed_core::Denied;
use watershed_core::ports::RowError;

use crate::command::{AnyRefusal, SendError};

/// Why an import, or what an operator wanted of it, came to nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// No import bears that name.
    #[error("there is no import `{0}`")]
    Unknown(String),
    /// The authorizer says no.
    #[error("not allowed: {0}")]
    Denied(Denied),
    /// No command can be taken just now. The lines before may have been taken; those after have not been looked at.
    #[error(
        "stopped at line {line}: {error}. Send the whole again once that is mended: what has been taken is not taken twice"
    )]
    Stopped {
        /// The first line that was not taken for this reason.
        line: u64,
        /// The reason.
        error: SendError<AnyRefusal>,
    },
    /// As many lines wait for somebody to look at them as are kept.
    #[error(
        "stopped at line {line}: {most} lines that could not be taken wait to be looked at, and no more are kept. See to \
         them, then send the whole again: what has been taken is not taken twice"
    )]
    TriageFull {
        /// The first line that could not be kept.
        line: u64,
        /// How many are kept.
        most: u64,
    },
    /// There is no such line.
    #[error("no line {0} is kept")]
    NoSuchLine(u64),
    /// The lines that could not be taken cannot be kept, or looked at.
    #[error("the lines that could not be taken cannot be kept or read: {0}")]
    Unavailable(String),
}

impl From<RowError> for ImportError {
    fn from(error: RowError) -> Self {
        Self::Unavailable(error.to_string())
    }
}
