use std::sync::Arc;

use tokio::sync::oneshot;
use watershed_core::StoredEvent;
use watershed_store::First;

use crate::log::lists::ListId;
use watershed_store::Answer;

/// An event that the group has taken, and the columns that an event does not show.
pub(super) struct Staged {
    pub(super) event: Arc<StoredEvent>,
    pub(super) tags: Option<Box<str>>,
    /// On the first event of an append.
    pub(super) first: Option<First>,
}

/// The appends that share a commit, while it is under way.
#[derive(Default)]
pub(super) struct Group {
    pub(super) staged: Vec<Staged>,
    /// The lists that something has been added to.
    pub(super) touched: Vec<ListId>,
    pub(super) answers: Vec<(oneshot::Sender<Answer>, Answer)>,
    /// Whether the transaction has begun.
    pub(super) begun: bool,
    /// The events' columns as bytes, and where each one's end.
    pub(super) columns: Vec<u8>,
    pub(super) ends: Vec<usize>,
}

impl Group {
    /// Forgets everything but the memory that it takes.
    pub(super) fn clear(&mut self) {
        self.staged.clear();
        self.touched.clear();
        self.answers.clear();
        self.begun = false;
        self.columns.clear();
        self.ends.clear();
    }
}
