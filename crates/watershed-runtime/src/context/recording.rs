//! Events that no command leads to: those of transactions of users' own, in the form in which a command's go to the log.

use std::sync::Arc;

use watershed_core::ports::{Append, Expected};
use watershed_core::{Event, FingerprintWriter, StreamId};

use super::running::Running;
use crate::command::{Request, Unwritten, append_for, idempotency, is_name, new_events, says_beside};

impl Running {
    /// Events of that aggregate (or decision), by its id, for a transaction of your own that appends them itself. Say more about them,
    /// and call [`append`](Recording::append). Nobody decides, and no policy is asked: that is up to the transaction.
    pub fn record<E: Event>(&self, id: impl Into<Arc<str>>, events: Vec<E>) -> Recording<'_, E> {
        Recording { running: self, id: id.into(), events, request: Request::default() }
    }
}

/// Events on their way into an [`Append`].
#[must_use = "events are made into an append by `append`"]
pub struct Recording<'a, E> {
    running: &'a Running,
    id: Arc<str>,
    events: Vec<E>,
    request: Request,
}

impl<E: Event> Recording<'_, E> {
    says_beside!();

    /// The events as the log takes them: with ids, the time, and their tags. What must not have come in between can be added to
    /// [`Append::conditions`].
    ///
    /// # Errors
    /// Where the id or the key cannot be one, or this context knows no such events.
    pub fn append(self) -> Result<Append, RecordError> {
        let Self { running, id, events, request } = self;
        if !is_name(&id) {
            return Err(RecordError::BadId);
        }
        if request.key.as_deref().is_some_and(|key| !is_name(key)) {
            return Err(RecordError::BadKey);
        }
        if !running.0.categories.contains(E::CATEGORY) {
            return Err(RecordError::UnknownEvents { context: running.0.name, category: E::CATEGORY });
        }
        let mut fingerprint = FingerprintWriter::new("events");
        for event in &events {
            fingerprint = fingerprint.field(event.kind().name, event);
        }
        let now = running.0.core.clock.now();
        let stream = StreamId { category: E::CATEGORY.into(), id };
        let mut append = append_for(&request, &stream, now, 0);
        append.expected = request.expected.map_or(Expected::Any, Expected::Version);
        append.idempotency = idempotency(&request, fingerprint.finish());
        append.events =
            new_events(&events, now).map_err(|Unwritten(problem)| RecordError::Unwritten(problem))?;
        Ok(append)
    }
}

/// Why events were not made into an append.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The id is empty, too long or holds control characters.
    #[error("an id has 1 to {max} bytes and no control characters", max = crate::MAX_ID)]
    BadId,
    /// The idempotency key is empty, too long or holds control characters.
    #[error("an idempotency key has 1 to {max} bytes and no control characters", max = crate::MAX_ID)]
    BadKey,
    /// Nothing in the context decides or folds such events.
    #[error("the context `{context}` knows no events of `{category}`: add what decides or folds them")]
    UnknownEvents {
        /// The context.
        context: &'static str,
        /// The category of the events.
        category: &'static str,
    },
    /// An event cannot be written as JSON.
    #[error("{0}")]
    Unwritten(String),
}
