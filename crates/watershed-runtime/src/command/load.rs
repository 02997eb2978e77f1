use watershed_core::event::DecodeError;
use watershed_core::ports::LogError;

use super::SendError;
use crate::query::AskError;

/// Why the state that a command is decided on could not be folded.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// This program cannot read an event.
    #[error(transparent)]
    Event(#[from] DecodeError),
}

impl<R> From<LoadError> for SendError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Log(error) => error.into(),
            LoadError::Event(error) => Self::UnreadableStream(error.to_string()),
        }
    }
}

impl From<LoadError> for AskError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Log(error) => error.into(),
            LoadError::Event(error) => Self::UnreadableStream(error.to_string()),
        }
    }
}
