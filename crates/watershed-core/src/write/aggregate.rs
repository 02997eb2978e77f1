use super::{Command, Cx, Premises, Refusal, Storage};
use crate::Event;

/// What deciding a command gives: the facts that follow from it, or the domain's no.
pub type Decided<A> = Result<Vec<<A as Aggregate>::Event>, <A as Aggregate>::Refusal>;

/// A consistency boundary: state that commands are decided on, folded from its own events.
///
/// Both functions are pure: no clock, no randomness, no I/O. What the time or the caller matters for comes in through [`Cx`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    note = "write `impl Aggregate for {Self}` with the types Command, Event and Refusal and the functions decide and evolve"
)]
pub trait Aggregate: Default + Send + Sync + 'static {
    /// What it can be asked to do.
    type Command: Command<Refusal = Self::Refusal>;
    /// What can happen to it.
    type Event: Event;
    /// How it says no.
    type Refusal: Refusal;

    /// Decides `command` on this state. No events means that the command changes nothing.
    ///
    /// # Errors
    /// The domain's refusal.
    fn decide(&self, command: &Self::Command, cx: &Cx) -> Decided<Self>;

    /// Takes a fact into the state. A fact has happened: this cannot fail.
    fn evolve(&mut self, event: &Self::Event);

    /// Names what `command` is decided on beside the aggregate's own state, where there is such: `decide` finds it by
    /// [`Cx::premise`].
    fn premises(command: &Self::Command, on: &mut Premises) {
        let _ = (command, on);
    }

    /// How the state is kept between commands: from its events alone, unless this says otherwise.
    #[must_use]
    fn storage() -> Storage<Self> {
        Storage::events()
    }
}
