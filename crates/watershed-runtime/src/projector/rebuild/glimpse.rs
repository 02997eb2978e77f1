use std::ops::ControlFlow;
use std::sync::Arc;

use watershed_core::ports::{EventLog, LogError, LogVisitor, NameCache, RawEvent, ReadFrom, Scope};
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

    /// Its tenant, category and stream.
    pub(super) fn stream(&self) -> (&str, &str, &str) {
        match self {
            Self::Raw(event) => (event.tenant, event.category, event.stream),
            Self::Stored(event) => (event.tenant.as_str(), &event.stream.category, &event.stream.id),
        }
    }

    /// The event, copied out.
    pub(super) fn to_stored(&self, names: &mut NameCache) -> Result<Arc<StoredEvent>, String> {
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
pub(super) trait Passage {
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
    let log: &Arc<dyn EventLog> = work.feed.log();
    let mut going = Going { passage, trouble: None };
    let came_to = match log.scanner() {
        Some(scanner) => scanner.scan(after, until, &mut going),
        None => read_through(work, after, until, &mut going),
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
    work: &Work<'_>,
    mut after: Position,
    until: Position,
    going: &mut Going<'_>,
) -> Result<Position, LogError> {
    while after < until {
        let read = ReadFrom { scope: Scope::Log, after, limit: READ_CHUNK };
        let read = work.runtime.block_on(work.feed.log().read(read))?;
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
