use std::sync::Arc;

use watershed_core::Position;
use watershed_core::ports::{LogError, ReadFrom, RowKey, Scope, StoredRow};

use super::ModelDefinition;
use super::fold::{Concern, apply, concern};
use super::model::Nobody;
use crate::feed::Feed;

/// How far behind a row may be for its missing events to be folded while somebody waits.
const LONGEST_TAIL: usize = 2_048;

/// What folding a tail gave.
pub(crate) enum TailFold {
    /// The row (or that there is none) as of that position.
    Row(Option<StoredRow>, Position),
    /// The tail is too long, or holds an event that cannot be folded over one row alone.
    NotPossible,
}

/// The row of `key` as it will be once its projector has come up to `until`: the stored row with the events since `position`
/// folded over it. Nothing is written.
pub(crate) async fn fold_tail(
    feed: &Arc<Feed>,
    definition: &ModelDefinition,
    key: &RowKey,
    stored: Option<StoredRow>,
    position: Position,
    until: Position,
) -> Result<TailFold, LogError> {
    let mut models = vec![(definition.make)()];
    if models[0].load(vec![key.clone()], stored.into_iter().collect()).is_err() {
        return Ok(TailFold::NotPossible);
    }
    let read = ReadFrom { scope: Scope::Log, after: position, limit: LONGEST_TAIL };
    let read = feed.log().read(read).await?;
    let mut reached = position;
    for stored in read.events {
        if stored.position != reached + 1 {
            return Err(LogError::Hole { after: reached, found: stored.position });
        }
        reached = stored.position;
        let event = feed.decode(stored);
        let keys = match concern(&*models[0], definition.contract.unknown, &event) {
            Concern::Nothing => continue,
            Concern::One(key) => vec![key],
            Concern::Many(keys) => keys,
            Concern::Matching(_) | Concern::Unreadable(..) | Concern::Stop(_) => {
                return Ok(TailFold::NotPossible);
            }
        };
        if keys.contains(key) && apply(&mut models, 0, key, &event, &Nobody).is_err() {
            return Ok(TailFold::NotPossible);
        }
    }
    if reached < until {
        return Ok(TailFold::NotPossible);
    }
    Ok(models[0].stored_row(key).map_or(TailFold::NotPossible, |row| TailFold::Row(row, reached)))
}
