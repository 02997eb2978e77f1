use std::ops::ControlFlow;
use std::sync::Arc;

use tokio::runtime::Handle;
use watershed_core::ports::{EventLog, LogError, LogVisitor, NameCache, RawEvent, ReadFrom, Scope};
use watershed_core::{Position, StoredEvent, Timestamp};

use super::work::Work;
use crate::feed::Feed;

/// Events read at once from a log that has no fast way through it.
const READ_CHUNK: usize = 4_096;

/// An event on its way past, before anybody has decoded it.
pub(crate) enum Glimpse<'a> {
    Raw(RawEvent<'a>),
    Stored(&'a Arc<StoredEvent>),
}

impl Glimpse<'_> {
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Raw(event) => event.position,
            Self::Stored(event) => event.position,
        }
    }

    pub(crate) fn recorded_at(&self) -> Timestamp {
        match self {
            Self::Raw(event) => event.recorded_at,
            Self::Stored(event) => event.recorded_at,
        }
    }

    /// Its tenant, category and stream.
    pub(crate) fn stream(&self) -> (&str, &str, &str) {
        match self {
            Self::Raw(event) => (event.tenant, event.category, event.stream),
            Self::Stored(event) => (event.tenant.as_str(), &event.stream.category, &event.stream.id),
        }
    }

    /// The event, copied out.
    pub(crate) fn to_stored(&self, names: &mut NameCache) -> Result<Arc<StoredEvent>, String> {
        match self {
            // A fold sees the envelope and the data: reading the tags as well would be for nobody.
            Self::Raw(event) => RawEvent { tags: None, ..*event }
                .to_stored(names)
                .map(Arc::new)
                .map_err(|error| error.to_string()),
            Self::Stored(event) => Ok((*event).clone()),
        }
    }
}

/// Whoever goes through a part of the log.
pub(crate) trait Passage {
    /// Whether the event at `position` is to be read.
    fn wants(&self, position: Position) -> bool;
    /// Sees an event that it wants.
    fn see(&mut self, event: &Glimpse<'_>) -> Result<(), String>;
}

/// A passage with the trouble that it has come to.
struct Going<'a> {
    passage: &'a mut dyn Passage,
    trouble: Option<String>,
}

impl Going<'_> {
    fn see(&mut self, event: &Glimpse<'_>) -> ControlFlow<()> {
        match self.passage.see(event) {
            Ok(()) => ControlFlow::Continue(()),
            Err(problem) => {
                self.trouble = Some(problem);
                ControlFlow::Break(())
            }
        }
    }
}

impl LogVisitor for Going<'_> {
    fn wants(&mut self, position: Position) -> bool {
        self.passage.wants(position)
    }

    fn see(&mut self, event: RawEvent<'_>) -> ControlFlow<()> {
        Going::see(self, &Glimpse::Raw(event))
    }
}

/// Shows the passage the events that it wants, of those after `after` up to `until`.
pub(super) fn go_through(
    work: &Work<'_>,
    after: Position,
    until: Position,
    passage: &mut dyn Passage,
) -> Result<(), String> {
    pass_through(work.feed, work.runtime, after, until, passage)
}

/// [`go_through`] for whoever is no rebuild.
pub(crate) fn pass_through(
    feed: &Arc<Feed>,
    runtime: &Handle,
    after: Position,
    until: Position,
    passage: &mut dyn Passage,
) -> Result<(), String> {
    let log: &Arc<dyn EventLog> = feed.log();
    let mut going = Going { passage, trouble: None };
    let came_to = match log.scanner() {
        Some(scanner) => scanner.scan(after, until, &mut going),
        None => read_through(log, runtime, after, until, &mut going),
    };
    match (going.trouble, came_to) {
        (Some(trouble), _) => Err(trouble),
        (None, Err(error)) => Err(error.to_string()),
        (None, Ok(end)) if end < until => Err(format!("the log ends at {end}, before {until}")),
        (None, Ok(_)) => Ok(()),
    }
}

/// [`go_through`] for a log that has no fast way through it.
fn read_through(
    log: &Arc<dyn EventLog>,
    runtime: &Handle,
    mut after: Position,
    until: Position,
    going: &mut Going<'_>,
) -> Result<Position, LogError> {
    while after < until {
        // No more than is wanted: blocks are smaller than what may be read at once.
        let limit = usize::try_from(until - after).unwrap_or(READ_CHUNK).min(READ_CHUNK);
        let read = ReadFrom { scope: Scope::Log, after, limit };
        let read = runtime.block_on(log.read(read))?;
        if read.events.is_empty() {
            break;
        }
        for event in read.events.iter().take_while(|event| event.position <= until) {
            after = event.position;
            if going.passage.wants(after) && going.see(&Glimpse::Stored(event)).is_break() {
                return Ok(after);
            }
        }
    }
    Ok(after)
}
