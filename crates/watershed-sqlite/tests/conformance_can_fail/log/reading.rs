use std::ops::ControlFlow;

use watershed_core::Position;
use watershed_core::ports::{
    Events, Later, LogError, LogReader, LogScan, LogVisitor, RawEvent, ReadFrom, Scope,
};

use super::appending::joined;
use super::faults::Fault;
use super::fixture::Faulty;

impl LogReader for Faulty {
    fn head(&self) -> Position {
        self.log.head() + u64::from(self.has(Fault::HeadOff))
    }

    fn wait_past(&self, position: Position) -> Later<'_, Position> {
        match self.fault {
            Fault::WaitsShort => self.log.wait_past(position.saturating_sub(1)),
            Fault::WaitsBack => Box::pin(async move { self.log.wait_past(position).await.min(position) }),
            _ => self.log.wait_past(position),
        }
    }

    fn read(&self, mut from: ReadFrom) -> Later<'_, Result<Events, LogError>> {
        Box::pin(async move {
            let limit = from.limit;
            match (&mut from.scope, self.fault) {
                (_, Fault::Overflow) if i64::try_from(from.after).is_err() => {
                    return Err(LogError::Store("the number is too large".into()));
                }
                (_, Fault::TooMany) => from.limit += 1,
                (Scope::Stream { stream, .. }, Fault::JoinedStreams) => *stream = joined(stream),
                _ => {}
            }
            let mut events = self.log.read(from).await?;
            match self.fault {
                Fault::Reversed => events.events.reverse(),
                Fault::FullIsComplete => events.complete |= events.events.len() == limit,
                Fault::ShortIsComplete => events.complete = events.events.len() < limit,
                Fault::HidesNewest => {
                    let head = events.head;
                    events.events.retain(|event| event.position < head);
                }
                _ => {}
            }
            Ok(events)
        })
    }

    fn scanner(&self) -> Option<&dyn LogScan> {
        let scanner = self.log.scanner()?;
        if self.has(Fault::ScanSkips) || self.has(Fault::ScanShowsAll) { Some(self) } else { Some(scanner) }
    }
}

/// Passes over every tenth event, or over none.
impl LogScan for Faulty {
    fn scan(
        &self,
        after: Position,
        until: Position,
        visitor: &mut dyn LogVisitor,
    ) -> Result<Position, LogError> {
        let Some(scanner) = self.log.scanner() else { return Ok(after) };
        scanner.scan(after, until, &mut |event: RawEvent<'_>| {
            if self.has(Fault::ScanSkips) && event.position.is_multiple_of(10) {
                ControlFlow::Continue(())
            } else {
                visitor.see(event)
            }
        })
    }
}
