use std::sync::Arc;

use watershed_core::ports::{LogError, ReadFrom, RowKey, Scope, StoredRow};
use watershed_core::{Position, StoredEvent, UnknownEvents};

use super::fold::{Concern, apply, concern};
use super::model::Nobody;
use super::stuck::Aside;
use super::{AnyModel, ModelDefinition};
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
    aside: &Arc<Aside>,
    definition: &ModelDefinition,
    key: &RowKey,
    stored: Option<StoredRow>,
    position: Position,
    until: Position,
) -> Result<TailFold, LogError> {
    let read = ReadFrom { scope: Scope::Log, after: position, limit: LONGEST_TAIL };
    let read = feed.log().read(read).await?;
    let tail = Tail {
        model: (definition.make)(),
        unknown: definition.contract.unknown,
        feed: feed.clone(),
        key: key.clone(),
        stored,
        position,
        until,
    };
    let folded = aside.run(move || tail.fold(read.events)).await;
    folded.unwrap_or_else(|stuck| {
        if let Some(fold) = stuck {
            definition.known.add(fold);
        }
        Ok(TailFold::NotPossible)
    })
}

struct Tail {
    model: Box<dyn AnyModel>,
    unknown: UnknownEvents,
    feed: Arc<Feed>,
    key: RowKey,
    stored: Option<StoredRow>,
    position: Position,
    until: Position,
}

impl Tail {
    fn fold(mut self, events: Vec<Arc<StoredEvent>>) -> Result<TailFold, LogError> {
        if self.model.load(vec![self.key.clone()], self.stored.take().into_iter().collect()).is_err() {
            return Ok(TailFold::NotPossible);
        }
        let mut models = [self.model];
        let mut reached = self.position;
        for stored in events {
            if stored.position != reached + 1 {
                return Err(LogError::Hole { after: reached, found: stored.position });
            }
            reached = stored.position;
            let event = self.feed.decode(stored);
            let keys = match concern(&*models[0], self.unknown, &event) {
                Concern::Nothing => continue,
                Concern::One(key) => vec![key],
                Concern::Many(keys) => keys,
                Concern::Matching(_) | Concern::Unreadable(..) | Concern::Stop(_) => {
                    return Ok(TailFold::NotPossible);
                }
            };
            if keys.contains(&self.key) && apply(&mut models, 0, &self.key, &event, &Nobody).is_err() {
                return Ok(TailFold::NotPossible);
            }
        }
        if reached < self.until {
            return Ok(TailFold::NotPossible);
        }
        Ok(models[0].stored_row(&self.key).map_or(TailFold::NotPossible, |row| TailFold::Row(row, reached)))
    }
}
