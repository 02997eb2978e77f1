use serde::Serialize;
use watershed_core::Position;

use super::ViewDrift;

/// What came of a look at the views of a group.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The group.
    pub group: String,
    /// `offline` or `sample`.
    pub how: &'static str,
    /// The position at which rows and log were compared.
    pub position: Position,
    /// Events that were gone through.
    pub events: u64,
    /// Stored rows that were looked at.
    pub rows: u64,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
    /// Events gone through in a second.
    pub events_per_second: u64,
    /// Rows that are not what they should be, over all views of the group.
    pub drift: u64,
    /// What is known of each view of the group now.
    pub views: Vec<ViewDrift>,
}
