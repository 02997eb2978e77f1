use super::{Applied, Contract, Handler, Keys, Row, Slot};
use crate::{Event, Recorded};

/// Where a read model's rows come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Folded from the log.
    Log,
    /// A `SELECT` over tables of the same database: its columns bear the row's names, and one is `tenant`.
    Sql(&'static str),
}

/// What tells which row an event concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyedBy {
    /// The event's stream, for every event that the read model follows (`#[key(stream)]`): a row's events are found
    /// without decoding the others, and [`On::keys`] is not asked.
    Stream,
    /// The event itself, through [`On::keys`].
    Event,
}

/// One named answer: a row type, the fold that keeps its rows, and a contract. Derive it, and write one
/// [`On`] for each event enum that it follows.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a read model",
    note = "add #[derive(ReadModel, Serialize, Deserialize, JsonSchema)] and #[read_model(name = \"...\", version = 1, on(...))] to the struct"
)]
pub trait ReadModel: Row {
    /// Raised with every change of what the fold makes of the log.
    const VERSION: u32;
    /// What it promises.
    const CONTRACT: Contract;
    /// Where its rows come from.
    const SOURCE: Source = Source::Log;
    /// What tells which row an event concerns.
    const KEYED_BY: KeyedBy = KeyedBy::Event;

    /// What it does with each event enum that it follows.
    fn handlers() -> Vec<Handler<Self>>;

    /// Whether readers, rollups and mirrors see the row.
    fn is_shown(&self) -> bool {
        true
    }
}

/// What a read model does with the events of one enum. Both functions are pure, and must be: they are run again for
/// every rebuild, and their results compared.
#[diagnostic::on_unimplemented(
    message = "`{Self}` follows `{E}` but does not say what it does with its events",
    note = "write `impl On<{E}> for {Self}` with `fn apply(row: &mut Slot<Self>, event: &Recorded<{E}>) -> Applied`"
)]
pub trait On<E: Event>: ReadModel {
    /// The rows that the event concerns: the row of its stream, unless this says otherwise.
    #[must_use]
    fn keys(event: &Recorded<E>) -> Keys<Self> {
        let _ = event;
        Keys::Stream
    }

    /// Takes the event into one of those rows.
    ///
    /// # Errors
    /// Where the event cannot be taken: the key is parked, and the error shown to an operator.
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<E>) -> Applied;
}
