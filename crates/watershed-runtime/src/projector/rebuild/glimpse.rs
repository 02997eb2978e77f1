use std::ops::ControlFlow;
use std::sync::Arc;

use watershed_core::ports::{EventLog, LogError, NameCache, RawEvent, ReadFrom, Scope};
use watershed_core::{Position, StoredEvent};

use super::work::Work;

/// Events read at once from a log that has no fast way through it.
const READ_CHUNK: usize = 4_096;

/// An event on its way past, before anybody has decoded it.
pub(super) enum Glimpse<'a> {
    Raw(RawEvent<'a>),
    Stored(&'a Arc<StoredEvent>),
}

impl Glimpse<'_> {
    pub(super) fn position(&self) -> Position {
        match self {
            Self::Raw(event) => event.position,
            Self::Stored(event) => event.position,
        }
    }

    /// Tenant, category and id of its stream.
    pub(super) fn stream(&self) -> (&str, &str, &str) {
        match self {
            Self::Raw(event) => (event.tenant, event.category, event.stream),
            Self::Stored(event) => (event.tenant.as_str(), &event.stream.category, &event.stream.id),
        }
    }

    /// The event, copied out.
    pub(super) fn to_stored(&self, names: &mut NameCache) -> Result<Arc<StoredEvent>, LogError> {
        match self {
            Self::Raw(event) => event.to_stored(names).map(Arc::new),
            Self::Stored(event) => Ok((*event).clone()),
        }
    }
}

/// Shows every event after `after` up to the rebuild's target.
pub(super) fn each_event(
    work: &Work<'_>,
    after: Position,
    see: &mut dyn FnMut(Glimpse<'_>) -> ControlFlow<()>,
) -> Result<(), String> {
    let log: &Arc<dyn EventLog> = work.feed.log();
    if let Some(scanner) = log.scanner() {
        return scanner
            .scan(after, work.target, &mut |event| see(Glimpse::Raw(event)))
            .map(|_| ())
            .map_err(|error| error.to_string());
    }
    let mut after = after;
    while after < work.target {
        let read = ReadFrom { scope: Scope::Log, after, limit: READ_CHUNK };
        let read = work.runtime.block_on(log.read(read)).map_err(|error| error.to_string())?;
        if read.events.is_empty() {
            return Err(format!("the log ends at {after}, before {}", work.target));
        }
        for event in read.events.iter().take_while(|event| event.position <= work.target) {
            after = event.position;
            if see(Glimpse::Stored(event)).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}
