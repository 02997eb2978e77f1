//! A group's rows as they stood at one moment: for whoever compares them with something that takes longer than a question.

use super::{Checkpoint, Later, ParkedKey, RowError, RowReader};

/// Takes moments of a group.
pub trait RowMoments: Send + Sync + 'static {
    /// The group's rows as they stand now. They stand so for whoever holds this, however much is written meanwhile; let it
    /// go soon: a store may have to keep everything that comes after it until then.
    fn moment(&self) -> Later<'_, Result<Box<dyn RowMoment>, RowError>>;
}

/// A group's rows, checkpoint and parked keys as of one moment.
pub trait RowMoment: RowReader {
    /// How far the group had come: the rows are folded up to there.
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>>;

    /// The keys that were parked.
    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>>;
}
