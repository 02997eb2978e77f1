use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use coop::family::{Family, FamilyCommand, FamilyEvent};
use watershed::core::ports::{Append, EventLog, Expected, NewEvent};
use watershed::core::{Aggregate, Cx, Event, EventId, Principal, StreamId, Tag, Tenant, Timestamp, event};

use super::commands::{Story, enroll, family};
use crate::error::Problem;
use crate::mix::mix;

/// Appends under way at once while a history is written.
const UNDER_WAY: usize = 4_096;

/// A past: so many families with so many events each, the families' events mingled as they would be in life.
#[derive(Debug, Clone, Copy)]
pub(crate) struct History {
    /// How many families.
    pub(crate) families: u64,
    /// How many events each of them has; the first is its enrolment.
    pub(crate) events_each: u64,
    /// What the others are.
    pub(crate) then: Story,
}

impl History {
    /// All events.
    pub(crate) fn events(self) -> u64 {
        self.families * self.events_each
    }
}

/// Writes a history into the empty folder `dir`, through the log rather than through commands: a million events in
/// seconds. The events are those that the commands would have led to.
pub(crate) async fn write_history(dir: &Path, history: History) -> Result<(), Problem> {
    let log = watershed::embedded(dir).map_err(Problem::product)?.log;
    write_turns(&*log, history, 0..history.events_each).await
}

/// Writes these turns of a history into a log that holds those before.
pub(crate) async fn write_turns(
    log: &dyn EventLog,
    history: History,
    turns: Range<u64>,
) -> Result<(), Problem> {
    let events = turns.end * history.families;
    let mut under_way = Vec::with_capacity(UNDER_WAY);
    let recorder = Recorder::new(history.then);
    for turn in turns {
        for number in 0..history.families {
            under_way.push(log.append(recorder.append(number, turn, turn * history.families + number)?));
            if under_way.len() == UNDER_WAY {
                for append in under_way.drain(..) {
                    append.await.map_err(Problem::product)?;
                }
            }
        }
    }
    for append in under_way {
        append.await.map_err(Problem::product)?;
    }
    if log.head() != events {
        return Err(Problem::Wrong(format!("{} events were written, not {events}", log.head())));
    }
    Ok(())
}

/// Makes appends of what an enrolled family would decide.
struct Recorder {
    enrolled: Family,
    cx: Cx,
    then: Story,
}

impl Recorder {
    fn new(then: Story) -> Self {
        let now = Timestamp::from_micros(1_732_000_000_000_000);
        let cx = Cx::new(now, Arc::new(Principal::default()));
        let mut enrolled = Family::default();
        for event in enrolled.decide(&enroll(family(0)), &cx).unwrap_or_default() {
            enrolled.evolve(&event);
        }
        Self { enrolled, cx, then }
    }

    fn append(&self, number: u64, turn: u64, event: u64) -> Result<Append, Problem> {
        let id = family(number);
        let stream = StreamId::new(FamilyEvent::CATEGORY, &*id);
        let events = if turn == 0 {
            self.decide(&Family::default(), &enroll(id), event)?
        } else {
            self.decide(&self.enrolled, &(self.then)(id, turn, event), event)?
        };
        Ok(Append {
            tenant: Tenant::default(),
            stream,
            expected: Expected::Version(turn),
            conditions: Vec::new(),
            save: None,
            line: None,
            idempotency: None,
            looked_until: event,
            events,
            recorded_at: self.cx.now(),
            actor: None,
            correlation: None,
            causation: None,
            traceparent: None,
        })
    }

    fn decide(&self, state: &Family, command: &FamilyCommand, number: u64) -> Result<Vec<NewEvent>, Problem> {
        let decided = state.decide(command, &self.cx).map_err(Problem::product)?;
        decided.iter().map(|event| self.new_event(event, number)).collect()
    }

    fn new_event(&self, event: &FamilyEvent, number: u64) -> Result<NewEvent, Problem> {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&mix(number).to_be_bytes());
        let mut tags: Vec<Tag> = Vec::new();
        event.tags(&mut |tag| tags.push(tag));
        Ok(NewEvent {
            id: EventId::at(self.cx.now().as_micros(), random),
            name: event.kind().name,
            schema: event.kind().schema,
            payload: event::encode(event).map_err(Problem::product)?,
            tags,
        })
    }
}
