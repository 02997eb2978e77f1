use super::{Command, Cx, Refusal};
use crate::{Event, Tag};

/// The events that a decision rests on: those that bear all of the tags and one of the names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Boundary {
    /// Every one of these must be on the event. A boundary without tags would be the whole log, and is refused.
    pub tags: Vec<Tag>,
    /// One of these must be the event's name; none given means any.
    pub names: Vec<&'static str>,
}

impl Boundary {
    /// The events tagged `name:value`.
    pub fn tag(name: &str, value: impl std::fmt::Display) -> Self {
        Self { tags: vec![Tag::new(name, value)], names: Vec::new() }
    }

    /// Of these, the events that are tagged `name:value` as well.
    #[must_use]
    pub fn and(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.tags.push(Tag::new(name, value));
        self
    }

    /// Of these, the events that bear one of `names` in the log.
    #[must_use]
    pub fn named(mut self, names: impl IntoIterator<Item = &'static str>) -> Self {
        self.names.extend(names);
        self
    }
}

/// Like an aggregate, but its boundary is a query over tags and names instead of a stream (a dynamic consistency
/// boundary): "a SKU is taken once". The state is folded from what the boundary matches, and the events are
/// appended only if nothing that matches came in between.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a decision",
    note = "write `impl Decision for {Self}` with the types Command, Event and Refusal and the functions boundary, decide and evolve"
)]
pub trait Decision: Default + Send + Sync + 'static {
    /// What it can be asked to decide.
    type Command: Command<Refusal = Self::Refusal>;
    /// What can follow. The events go to the stream of their category and the command's id.
    type Event: Event;
    /// How it says no.
    type Refusal: Refusal;

    /// What the decision on `command` rests on.
    fn boundary(command: &Self::Command) -> Boundary;

    /// Decides `command` on this state.
    ///
    /// # Errors
    /// The domain's refusal.
    fn decide(&self, command: &Self::Command, cx: &Cx) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// Takes a fact within the boundary into the state.
    fn evolve(&mut self, event: &Self::Event);
}
