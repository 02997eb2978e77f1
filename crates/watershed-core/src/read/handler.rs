use super::{Applied, Keys, On, ReadModel, Slot};
use crate::event::{AnyEvent, Decoder, EventKind, decode_any};
use crate::{Event, Recorded};

/// What a read model does with one event enum, with the enum's type put aside.
pub struct Handler<R> {
    /// The category of the enum's streams.
    pub category: &'static str,
    /// The kinds of its events.
    pub kinds: &'static [EventKind],
    /// Decodes them; what it makes is what the other two take.
    pub decode: Decoder,
    /// [`On::keys`].
    pub keys: fn(&AnyEvent) -> Keys<R>,
    /// [`On::apply`].
    pub apply: fn(&mut Slot<'_, R>, &AnyEvent) -> Applied,
}

impl<R: ReadModel> Handler<R> {
    /// What `R` does with the events of `E`.
    #[must_use]
    pub fn of<E: Event>() -> Self
    where
        R: On<E>,
    {
        Self {
            category: E::CATEGORY,
            kinds: E::KINDS,
            decode: decode_any::<E>,
            keys: |event| event.downcast_ref::<Recorded<E>>().map_or(Keys::None, R::keys),
            apply: |slot, event| match event.downcast_ref::<Recorded<E>>() {
                Some(event) => R::apply(slot, event),
                // invariant: a projector hands an event to the handler that decoded it
                None => Err("an event of another enum came to this handler".into()),
            },
        }
    }
}
