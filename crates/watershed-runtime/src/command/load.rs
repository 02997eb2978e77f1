use watershed_core::event::{DecodeError, decode};
use watershed_core::ports::{LogError, ReadFrom, Scope, StateError};
use watershed_core::{Aggregate, ColumnError, StreamId, Tenant, Version};

use super::{SendError, StateAt, WriteCore};
use crate::query::AskError;

/// How many events are read at once while a stream is loaded.
const CHUNK: usize = 4_096;

/// Why the state that a command is decided on could not be folded.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LoadError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The rows of the state could not be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The rows hold what the state has no place for.
    #[error(transparent)]
    Column(#[from] ColumnError),
    /// This program cannot read an event.
    #[error(transparent)]
    Event(#[from] DecodeError),
}

impl<R> From<LoadError> for SendError<R> {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Log(error) => error.into(),
            LoadError::State(StateError::Store(problem)) => Self::Unavailable(problem),
            LoadError::State(error) => Self::UnfitState(error.to_string()),
            LoadError::Column(error) => Self::UnfitState(error.to_string()),
            LoadError::Event(error) => Self::UnreadableStream(error.to_string()),
        }
    }
}

impl From<LoadError> for AskError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Log(error) => error.into(),
            LoadError::State(StateError::Store(problem)) => Self::Unavailable(problem),
            LoadError::State(error) => Self::UnreadableStream(error.to_string()),
            LoadError::Column(error) => Self::UnreadableStream(error.to_string()),
            LoadError::Event(error) => Self::UnreadableStream(error.to_string()),
        }
    }
}

/// Takes the stream's events behind that version into the state: all of them, or those until then.
pub(crate) async fn fold<A: Aggregate>(
    core: &WriteCore,
    tenant: &Tenant,
    stream: &StreamId,
    (mut state, mut version): (A, Version),
    at: StateAt,
) -> Result<(A, Version), LoadError> {
    loop {
        let scope = Scope::Stream { tenant: tenant.clone(), stream: stream.clone() };
        let read = core.log.read(ReadFrom { scope, after: version, limit: CHUNK }).await?;
        for stored in &read.events {
            let past = match at {
                StateAt::Latest => false,
                StateAt::Version(last) => stored.version > last,
                StateAt::Time(last) => stored.recorded_at > last,
            };
            if past {
                return Ok((state, version));
            }
            state.evolve(&decode::<A::Event>(stored)?.data);
            version = stored.version;
        }
        if read.complete {
            return Ok((state, version));
        }
    }
}
