use std::any::{Any, TypeId, type_name};
use std::fmt;

use super::Boundary;
use crate::event::{self, DecodeError};
use crate::{Event, StoredEvent};

/// What a decision of an aggregate rests on beside the aggregate's own state: folded from the events within a boundary.
///
/// "The SKU is free", "the category is known". The command's events are appended only if nothing that the boundary matches
/// came since the fold; otherwise the premise is folded again, and the command decided again.
///
/// ```ignore
/// #[derive(Default)]
/// struct SkuHolder(Option<String>);
///
/// impl Premise for SkuHolder {
///     type Event = ProductEvent;
///     fn evolve(&mut self, event: &ProductEvent) { .. }
/// }
///
/// impl Aggregate for Product {
///     fn premises(command: &ProductCommand, on: &mut Premises) {
///         if let ProductCommand::CreateProduct { sku, .. } = command {
///             on.needs::<SkuHolder>(Boundary::tag("sku", sku));
///         }
///     }
///     fn decide(&self, command: &ProductCommand, cx: &Cx) -> Decided<Self> {
///         let holder = cx.premise::<SkuHolder>();
///         ..
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a premise",
    note = "write `impl Premise for {Self}` with the type Event and the function evolve, and derive Default"
)]
pub trait Premise: Default + Send + Sync + 'static {
    /// What it is folded from. Events of other categories that the boundary matches as well are passed over; they move the
    /// boundary all the same.
    type Event: Event;

    /// Takes a fact within the boundary into the state.
    fn evolve(&mut self, event: &Self::Event);
}

/// The premises that a command needs, as its aggregate names them.
#[derive(Debug, Default)]
pub struct Premises(Vec<Needed>);

impl Premises {
    /// The command is decided on what `boundary` holds, which [`Cx::premise`](super::Cx::premise) gives.
    pub fn needs<P: Premise>(&mut self, boundary: Boundary) {
        self.0.push(Needed::new::<P>(None, boundary));
    }

    /// The same for one of several premises of a type, which [`Cx::premise_named`](super::Cx::premise_named) gives: the category
    /// that a product comes `"from"`, and the one that it goes `"to"`.
    pub fn needs_named<P: Premise>(&mut self, name: &'static str, boundary: Boundary) {
        self.0.push(Needed::new::<P>(Some(name), boundary));
    }

    /// What has been named: for whoever folds it.
    ///
    /// # Errors
    /// Where one is named twice, or its boundary has no tag.
    pub fn settle(self) -> Result<Vec<Needed>, PremiseError> {
        for (place, needed) in self.0.iter().enumerate() {
            if needed.boundary.tags.is_empty() {
                return Err(PremiseError::WithoutTag(needed.which));
            }
            if self.0[..place].iter().any(|other| other.which == needed.which) {
                return Err(PremiseError::Twice(needed.which));
            }
        }
        Ok(self.0)
    }
}

/// A premise that a command needs: its boundary, and its state as far as it has been folded.
#[derive(Debug)]
pub struct Needed {
    which: WhichPremise,
    boundary: Boundary,
    state: Box<dyn Folding>,
}

impl Needed {
    fn new<P: Premise>(name: Option<&'static str>, boundary: Boundary) -> Self {
        Self { which: WhichPremise::of::<P>(name), boundary, state: Box::new(Folded(P::default())) }
    }

    /// What it is folded from.
    #[must_use]
    pub fn boundary(&self) -> &Boundary {
        &self.boundary
    }

    /// Takes an event that the boundary matches into the state.
    ///
    /// # Errors
    /// Where this program cannot read the event.
    pub fn evolve(&mut self, stored: &StoredEvent) -> Result<(), DecodeError> {
        self.state.evolve(stored)
    }
}

/// A premise's type and name, in words for whoever wrote the aggregate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct WhichPremise {
    id: TypeId,
    of: &'static str,
    name: Option<&'static str>,
}

impl WhichPremise {
    fn of<P: Premise>(name: Option<&'static str>) -> Self {
        Self { id: TypeId::of::<P>(), of: type_name::<P>(), name }
    }
}

impl fmt::Display for WhichPremise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = self.of.rsplit("::").next().unwrap_or(self.of);
        match self.name {
            Some(name) => write!(f, "{of} \"{name}\""),
            None => f.write_str(of),
        }
    }
}

impl fmt::Debug for WhichPremise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// How an aggregate's premises are wrong: a mistake in the program, which no command can mend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PremiseError {
    /// The decision looked at a premise that the aggregate does not name for the command.
    #[error(
        "the decision looked at the premise `{0}`, which the aggregate's `premises` does not name for this command"
    )]
    Undeclared(WhichPremise),
    /// A premise is named twice for one command.
    #[error("the premise `{0}` is named twice for one command: give them names with `needs_named`")]
    Twice(WhichPremise),
    /// A premise's boundary has no tag.
    #[error("the boundary of the premise `{0}` has no tag: it would be the whole log")]
    WithoutTag(WhichPremise),
}

/// A premise's state with its type put aside.
trait Folding: Send + Sync {
    fn evolve(&mut self, stored: &StoredEvent) -> Result<(), DecodeError>;

    fn state(&self) -> &(dyn Any + Send + Sync);
}

impl fmt::Debug for dyn Folding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("..")
    }
}

struct Folded<P>(P);

impl<P: Premise> Folding for Folded<P> {
    fn evolve(&mut self, stored: &StoredEvent) -> Result<(), DecodeError> {
        if &*stored.stream.category == P::Event::CATEGORY {
            self.0.evolve(&event::decode::<P::Event>(stored)?.data);
        }
        Ok(())
    }

    fn state(&self) -> &(dyn Any + Send + Sync) {
        &self.0
    }
}

/// The premises of one decision, and those that it looked at without their having been named.
#[derive(Debug, Default)]
pub(super) struct Held {
    needed: Vec<Needed>,
    undeclared: Undeclared,
}

impl Held {
    pub(super) fn new(needed: Vec<Needed>) -> Self {
        Self { needed, undeclared: Undeclared::default() }
    }

    /// The premise's state. One that has not been named is as if nothing had happened, and remembered: what is decided on it
    /// must not be used.
    pub(super) fn get<P: Premise>(&self, name: Option<&'static str>) -> &P {
        let which = WhichPremise::of::<P>(name);
        let found = self.needed.iter().find(|needed| needed.which == which);
        let state = found.and_then(|needed| needed.state.state().downcast_ref());
        state.unwrap_or_else(|| self.undeclared.get(which))
    }

    pub(super) fn undeclared(&self) -> Option<PremiseError> {
        self.undeclared.0.get().map(|first| PremiseError::Undeclared(first.which))
    }
}

/// A list that grows behind what has been lent from it.
#[derive(Default)]
struct Undeclared(std::sync::OnceLock<Box<Looked>>);

struct Looked {
    which: WhichPremise,
    state: Box<dyn Any + Send + Sync>,
    next: Undeclared,
}

impl Undeclared {
    fn get<P: Premise>(&self, which: WhichPremise) -> &P {
        let mut slot = self;
        loop {
            let looked = slot.0.get_or_init(|| {
                Box::new(Looked { which, state: Box::new(P::default()), next: Self::default() })
            });
            if let Some(state) = looked.state.downcast_ref() {
                return state;
            }
            slot = &looked.next;
        }
    }
}

impl fmt::Debug for Undeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.get().map(|first| first.which)).finish()
    }
}
