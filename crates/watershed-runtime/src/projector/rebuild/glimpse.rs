use std::ops::ControlFlow;
use std::sync::Arc;

use watershed_core::StoredEvent;
use watershed_core::ports::{EventLog, LogError, NameCache, RawEvent, ReadFrom, Scope};

use super::work::Work;

/// Events read at once from a log that has no fast way through it.
const READ_CHUNK: usize = 4_096;

/// An event on its way past, before anybody has decoded it.
pub(super) enum Glimpse<'a> {
    Raw(RawEvent<'a>),
    Stored(&'a Arc<StoredEvent>),
}

impl Glimpse<'_> {
    /// Its tenant, category and stream.
    pub(super) fn stream(&self) -> (&str, &str, &str) {
        match self {
            Self::Raw(event) => (event.tenant, event.category, event.stream),
            Self::Stored(event) => (event.tenant.as_str(), &event.stream.category, &event.stream.id),
        }
    }

    /// The event, copied out.
    pub(super) fn to_stored(&self, names: &mut NameCache) -> Result<Arc<StoredEvent>, LogError> {
        match self {
            // A fold sees the envelope and the data: reading the tags as well would be for nobody.
            Self::Raw(event) => RawEvent { tags: None, ..*event }.to_stored(names).map(Arc::new),
            Self::Stored(event) => Ok((*event).clone()),
        }
    }
}

/// Shows every event up to the rebuild's target.
pub(super) fn each_event(
    work: &Work<'_>,
    see: &mut dyn FnMut(Glimpse<'_>) -> Result<(), String>,
) -> Result<(), String> {
    let log: &Arc<dyn EventLog> = work.feed.log();
    let mut trouble = None;
    let mut seen = |glimpse: Glimpse<'_>| match see(glimpse) {
        Ok(()) => ControlFlow::Continue(()),
        Err(problem) => {
            trouble = Some(problem);
            ControlFlow::Break(())
        }
    };
    if let Some(scanner) = log.scanner() {
        let scanned = scanner.scan(0, work.target, &mut |event| seen(Glimpse::Raw(event)));
        scanned.map_err(|error| error.to_string())?;
    } else {
        read_through(work, &mut seen)?;
    }
    trouble.map_or(Ok(()), Err)
}

/// [`each_event`] for a log that has no fast way through it.
fn read_through(work: &Work<'_>, see: &mut dyn FnMut(Glimpse<'_>) -> ControlFlow<()>) -> Result<(), String> {
    let mut after = 0;
    while after < work.target {
        let read = ReadFrom { scope: Scope::Log, after, limit: READ_CHUNK };
        let read = work.runtime.block_on(work.feed.log().read(read)).map_err(|error| error.to_string())?;
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
