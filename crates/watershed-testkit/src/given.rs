//! given/when/then: facts, a command, and what must follow.

use std::sync::Arc;

use watershed_core::{
    Aggregate, Command, Cx, Decision, Event, Needed, Premises, Principal, Refusal, StoredEvent, StreamId,
    Tenant, Timestamp,
};

use crate::record::{Place, read_back, said, shown, stored, within};
use crate::{diff, fail};

/// When commands are decided where a test does not say: 2024-01-01T00:00:00Z.
pub(crate) const START: Timestamp = Timestamp::from_micros(1_704_067_200_000_000);

type Decide<C, E, R> = fn(&History, &C, Cx) -> Result<Vec<E>, R>;

/// What stands in the log: what happened to the thing itself, and what happened to others.
#[derive(Default)]
struct History {
    own: Vec<StoredEvent>,
    others: Vec<StoredEvent>,
}

/// The facts that a command is to be decided on.
pub struct Given<C, E, R> {
    history: History,
    now: Timestamp,
    principal: Principal,
    decide: Decide<C, E, R>,
}

/// An aggregate to whom this has happened.
#[track_caller]
pub fn given<A: Aggregate>(
    events: impl IntoIterator<Item = A::Event>,
) -> Given<A::Command, A::Event, A::Refusal> {
    Given::after(events, |history, command, cx| {
        let mut state = A::default();
        for event in &history.own {
            state.evolve(&read_back(event));
        }
        let cx = cx.resting_on(premises::<A>(command, history));
        let decided = state.decide(command, &cx);
        if let Some(mistake) = cx.undeclared() {
            fail(format!("the command `{}` is not taken: {mistake}", command.kind().name));
        }
        each_evolves(&decided, |event| state.evolve(event));
        decided
    })
}

/// What the command is decided on beside the aggregate's own state: folded from what stands in the log, as the runtime does it.
#[track_caller]
fn premises<A: Aggregate>(command: &A::Command, history: &History) -> Vec<Needed> {
    let mut named = Premises::default();
    A::premises(command, &mut named);
    let mut needed = named
        .settle()
        .unwrap_or_else(|mistake| fail(format!("`{}` is not decided: {mistake}", command.kind().name)));
    for premise in &mut needed {
        for event in history.own.iter().chain(&history.others) {
            if within(premise.boundary(), &event.name, &event.tags)
                && let Err(error) = premise.evolve(event)
            {
                fail(format!("what was recorded cannot be read again: {error}"));
            }
        }
    }
    needed
}

/// A decision before which this has happened. It sees those of the events that lie within the boundary that it draws
/// for the command, as in the log.
#[track_caller]
pub fn given_decision<D: Decision>(
    events: impl IntoIterator<Item = D::Event>,
) -> Given<D::Command, D::Event, D::Refusal> {
    Given::after(events, |history, command, cx| {
        let boundary = D::boundary(command);
        if boundary.tags.is_empty() {
            fail("the decision's boundary has no tag: it would be the whole log, and is refused");
        }
        let mut state = D::default();
        for event in &history.own {
            if within(&boundary, &event.name, &event.tags) {
                state.evolve(&read_back(event));
            }
        }
        let decided = state.decide(command, &cx);
        each_evolves(&decided, |event| state.evolve(event));
        decided
    })
}

/// What was decided will be folded: whatever is wrong with that shows here.
fn each_evolves<E, R>(decided: &Result<Vec<E>, R>, mut evolve: impl FnMut(&E)) {
    for event in decided.iter().flatten() {
        evolve(event);
    }
}

impl<C, E: Event, R: Refusal> Given<C, E, R> {
    #[track_caller]
    fn after(events: impl IntoIterator<Item = E>, decide: Decide<C, E, R>) -> Self {
        let own = recorded(events, "given", 0);
        let history = History { own, others: Vec::new() };
        Self { history, now: START, principal: Principal::default(), decide }
    }

    /// This has happened to others: an aggregate's premises see what lies within their boundaries, of this and of what has
    /// happened to the aggregate itself.
    #[must_use]
    #[track_caller]
    pub fn and_elsewhere<F: Event>(mut self, events: impl IntoIterator<Item = F>) -> Self {
        let before = self.history.own.len() + self.history.others.len();
        self.history.others.extend(recorded(events, "elsewhere", before as u64));
        self
    }

    /// The command is decided at that time; at 2024-01-01T00:00:00Z where a test does not say.
    #[must_use]
    pub fn at(mut self, now: Timestamp) -> Self {
        self.now = now;
        self
    }

    /// The command comes from that principal; from an anonymous one of the default tenant where a test does not say.
    #[must_use]
    pub fn by(mut self, principal: Principal) -> Self {
        self.principal = principal;
        self
    }

    /// Decides the command: twice, because the same command on the same state must be decided the same way.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test writes the command where it is sent")]
    pub fn when(self, command: C) -> Outcome<E, R> {
        let principal = Arc::new(self.principal);
        let decided = || (self.decide)(&self.history, &command, Cx::new(self.now, principal.clone()));
        let outcome = Outcome { decided: decided() };
        let again = Outcome { decided: decided() };
        let (first, second) = (outcome.shown(), again.shown());
        if first != second {
            fail(format!(
                "the same command on the same state was decided in two ways: `decide` is not pure\n{}",
                diff::lines(&first, &second)
            ));
        }
        outcome
    }
}

/// The events as the log would hold them, in a stream of that id, behind as many others.
#[track_caller]
fn recorded<E: Event>(events: impl IntoIterator<Item = E>, stream: &str, before: u64) -> Vec<StoredEvent> {
    let mut history = Vec::new();
    for (event, version) in events.into_iter().zip(1..) {
        let place = Place {
            position: before + version,
            tenant: Tenant::default(),
            stream: StreamId::new(E::CATEGORY, stream),
            version,
            recorded_at: START,
            actor: None,
        };
        history.push(stored(said(&event), place));
    }
    history
}

/// What was decided.
#[must_use = "say what must follow: .then(..), .then_refused(..) or .then_nothing()"]
pub struct Outcome<E, R> {
    decided: Result<Vec<E>, R>,
}

impl<E: Event, R: Refusal> Outcome<E, R> {
    /// These events must follow, in this order, and no others. They are compared as the log would hold them.
    ///
    /// # Panics
    /// Where others follow, or the command is refused; says which event differs, and in what.
    #[track_caller]
    pub fn then(self, expected: impl IntoIterator<Item = E>) {
        let expected: Vec<String> = expected.into_iter().map(|event| shown(&event)).collect();
        let events = match &self.decided {
            Ok(events) => events,
            Err(refusal) => fail(format!(
                "the command was refused: {}\nexpected instead:\n{}",
                no(refusal),
                expected.join("\n")
            )),
        };
        let decided: Vec<String> = events.iter().map(shown).collect();
        if let Some(problem) = difference(&expected, &decided) {
            fail(problem);
        }
    }

    /// Nothing must follow: the command is taken, and changes nothing.
    ///
    /// # Panics
    /// Where an event follows, or the command is refused.
    #[track_caller]
    pub fn then_nothing(self) {
        self.then([]);
    }

    /// The command must be refused so: with the same code, the same words and the same details.
    ///
    /// # Panics
    /// Where it is refused otherwise, or not at all.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "a test writes the refusal where it expects it")]
    pub fn then_refused(self, expected: R) {
        match &self.decided {
            Err(refusal) if no(refusal) == no(&expected) => {}
            Err(refusal) => fail(format!(
                "the command was refused, but in another way (- expected, + decided):\n{}",
                diff::lines(&no(&expected), &no(refusal))
            )),
            Ok(events) => fail(format!(
                "the command was not refused.\nexpected: {}\ndecided {} event(s):\n{}",
                no(&expected),
                events.len(),
                events.iter().map(shown).collect::<Vec<_>>().join("\n")
            )),
        }
    }

    /// What was decided, for checks that this kit does not know.
    ///
    /// # Errors
    /// The refusal.
    pub fn decided(self) -> Result<Vec<E>, R> {
        self.decided
    }

    #[track_caller]
    fn shown(&self) -> String {
        match &self.decided {
            Ok(events) => events.iter().map(shown).collect::<Vec<_>>().join("\n"),
            Err(refusal) => no(refusal),
        }
    }
}

/// A refusal for a reader: its code, its words and its details.
fn no<R: Refusal>(refusal: &R) -> String {
    format!("{}: {}\n{refusal:#?}", refusal.kind().code, refusal.message())
}

/// What differs first, in words.
fn difference(expected: &[String], decided: &[String]) -> Option<String> {
    let counts = format!("expected {} event(s), decided {}", expected.len(), decided.len());
    for place in 0..expected.len().max(decided.len()) {
        let number = place + 1;
        match (expected.get(place), decided.get(place)) {
            (Some(expected), Some(decided)) if expected == decided => {}
            (Some(expected), Some(decided)) => {
                return Some(format!(
                    "event {number} differs (- expected, + decided; {counts}):\n{}",
                    diff::lines(expected, decided)
                ));
            }
            (Some(expected), None) => {
                return Some(format!("event {number} is missing ({counts}):\n{expected}"));
            }
            (None, decided) => {
                let decided = decided.map_or("", String::as_str);
                return Some(format!("event {number} was not expected ({counts}):\n{decided}"));
            }
        }
    }
    None
}
