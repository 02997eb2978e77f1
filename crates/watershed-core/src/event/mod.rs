//! Facts: what happened, as the domain wrote it ([`Event`]) and as the log recorded it ([`Recorded`]).

mod codec;
mod kind;
mod recorded;
mod tag;

pub(crate) use codec::decode_any;
pub use codec::{AnyEvent, DecodeError, Decoder, decode, encode};
pub use kind::{EventKind, Upcast};
pub use recorded::{Envelope, Recorded, StoredEvent};
pub use tag::Tag;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The events of one category: an enum, a variant a fact.
///
/// Derive it: the derive freezes each variant's name in the log and collects its tags.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event enum",
    note = "add #[derive(Event, Serialize, Deserialize, JsonSchema)] and #[event(category = \"...\", prefix = \"...\")] to the enum"
)]
pub trait Event: Serialize + DeserializeOwned + schemars::JsonSchema + Send + Sync + 'static {
    /// The category of the streams that hold these events: `family`.
    const CATEGORY: &'static str;
    /// Every variant's kind, in the enum's order.
    const KINDS: &'static [EventKind];

    /// The kind of this fact.
    fn kind(&self) -> &'static EventKind;

    /// Calls `add` for each tag of this fact.
    fn tags(&self, add: &mut dyn FnMut(Tag));
}
