use uuid::Uuid;
use watershed_core::{Position, StoredEvent};

/// What a group brings to the log, for those here who remember it once it is durable.
pub(super) struct Brought {
    /// The log's end before it, and with it.
    pub(super) from: Position,
    pub(super) until: Position,
    /// Tags, and the events that bear them, with their names.
    pub(super) borne: Vec<(Uuid, Position, &'static str)>,
    /// The events as readers have them; none where nobody wants them.
    pub(super) stored: Option<Vec<StoredEvent>>,
}
