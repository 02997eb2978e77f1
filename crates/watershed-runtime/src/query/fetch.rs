//! Fetch plans: how the rows behind an answer are come by, and how fresh they are.

use std::sync::Arc;
use std::time::Duration;

use watershed_core::ports::{LogError, ReadFrom, RowKey, RowReader, RowsFound, Scope};
use watershed_core::{Action, Ask, Clock, Freshness, Position, Tenant, Timestamp, Token};

use super::{AskError, ErasedView, FetchPlan, OnStale, Terms};
use crate::editions::{Edition, Flag, Group};
use crate::feed::Feed;
use crate::projector::{Aside, ModelDefinition, Projector, TailFold, fold_tail};

/// Where a view's rows stand.
pub(crate) enum Stand {
    /// In the editions of a group, which projectors keep.
    Kept { group: Arc<Group> },
    /// In the log's own database: always current.
    Current { reader: Arc<dyn RowReader> },
}

/// A view's rows in one edition: who keeps them, and the read model's place in the group, or none for a rollup.
struct Kept<'a> {
    projector: &'a Projector,
    model: Option<usize>,
}

/// Fetches rows for questions.
pub(crate) struct Fetch {
    pub(crate) feed: Arc<Feed>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) authorizer: Arc<dyn watershed_core::Authorizer>,
    /// Folds what projectors have not come to yet.
    pub(crate) tails: Arc<Aside>,
}

/// Rows, and how fresh they are.
pub(crate) struct Fetched {
    pub(crate) found: RowsFound,
    /// How the rows are to be shown, where they are of an earlier version.
    pub(crate) shown_as: Option<Arc<dyn ErasedView>>,
    pub(crate) plan: FetchPlan,
    pub(crate) stale: bool,
    pub(crate) lag: Duration,
}

impl Fetch {
    /// Asks the authorizer whether the caller may read the view.
    pub(crate) fn authorize(&self, view: &str, terms: &Terms) -> Result<(), AskError> {
        let access = watershed_core::Access {
            principal: &terms.principal,
            action: Action::View { name: view },
            state: None,
        };
        self.authorizer.authorize(&access).map_err(AskError::Denied)
    }

    /// The position that the answer must show: what the token demands, or the freshness that the contract promises.
    fn demanded(&self, terms: &Terms, freshness: Freshness) -> Result<Position, AskError> {
        let log = self.feed.log();
        match terms.token {
            Some(token) if token.log != log.identity() => Err(AskError::ForeignToken),
            Some(token) => Ok(token.position),
            None if freshness == Freshness::ReadYourWrites => Ok(log.head()),
            None => Ok(0),
        }
    }

    pub(crate) fn token(&self, position: Position) -> Token {
        Token { log: self.feed.log().identity(), position }
    }

    /// The rows that answer the question, by the first plan that holds.
    pub(crate) async fn rows(
        &self,
        stand: &Stand,
        freshness: Freshness,
        ask: Ask,
        terms: &Terms,
    ) -> Result<Fetched, AskError> {
        let demanded = self.demanded(terms, freshness)?;
        // Whoever shows a token says what is new enough; whoever does not gets the newest.
        let ask = &Ask { enough: terms.token.map(|token| token.position), ..ask };
        let tenant = &terms.principal.tenant;
        match stand {
            Stand::Current { reader } => {
                // Read before the rows: they show at least what stands up to here.
                let head = self.feed.log().head();
                if demanded > head {
                    return Err(AskError::NotReached { position: head, demanded });
                }
                let mut found = reader.ask(tenant, ask).await?;
                found.position = found.position.max(head);
                let lag = Duration::ZERO;
                Ok(Fetched { found, shown_as: None, plan: FetchPlan::Current, stale: false, lag })
            }
            Stand::Kept { group } => {
                if group.flag() != Flag::Serving {
                    return Err(AskError::SwitchedOff(ask.view.to_string()));
                }
                loop {
                    let edition = group.serving();
                    let fetched = self.edition_rows(&edition, freshness, ask, terms, demanded).await;
                    // Where another one serves by now, these rows may be ahead of its own, and the next answer would go back;
                    // or they are those of an edition that is kept up no more.
                    if group.serving().number == edition.number {
                        return fetched;
                    }
                }
            }
        }
    }

    async fn edition_rows(
        &self,
        edition: &Edition,
        freshness: Freshness,
        ask: &Ask,
        terms: &Terms,
        demanded: Position,
    ) -> Result<Fetched, AskError> {
        let place = edition.place(ask.view).ok_or_else(|| AskError::NotYet(ask.view.to_string()))?;
        let shown_as = edition.definition.shown_as.get(ask.view).cloned();
        let kept = Kept { projector: &edition.projector, model: place.model() };
        let mut fetched = self.kept_rows(&kept, freshness, ask, terms, demanded).await?;
        if let Some(model) = place.model() {
            fetched.found.rows.retain(|row| !edition.definition.is_past(model, row));
        }
        Ok(Fetched { shown_as, ..fetched })
    }

    async fn kept_rows(
        &self,
        kept: &Kept<'_>,
        freshness: Freshness,
        ask: &Ask,
        terms: &Terms,
        demanded: Position,
    ) -> Result<Fetched, AskError> {
        let found = kept.projector.store.ask(&terms.principal.tenant, ask).await?;
        let is_parked_row = ask.key.is_some() && found.parked > 0;
        if found.position >= demanded || is_parked_row {
            return self.fresh_enough(found, FetchPlan::Rows, is_parked_row, freshness).await;
        }
        self.catch_up(kept, freshness, ask, terms, found, demanded).await
    }

    /// The stored rows have not reached what is demanded: fold, wait, serve stale, or refuse.
    async fn catch_up(
        &self,
        kept: &Kept<'_>,
        freshness: Freshness,
        ask: &Ask,
        terms: &Terms,
        found: RowsFound,
        demanded: Position,
    ) -> Result<Fetched, AskError> {
        let (tenant, projector) = (&terms.principal.tenant, kept.projector);
        let position = found.position;
        if terms.on_stale == OnStale::Serve {
            return self.fresh_enough(found, FetchPlan::Stale, true, freshness).await;
        }
        if matches!(terms.on_stale, OnStale::Best | OnStale::Fold)
            && let Some(folded) = self.fold(kept, ask, tenant, demanded).await?
        {
            return Ok(folded);
        }
        if matches!(terms.on_stale, OnStale::Best | OnStale::Wait) {
            let reached = tokio::time::timeout(terms.patience, projector.past(demanded - 1)).await;
            if matches!(reached, Ok(Some(_))) {
                let found = projector.store.ask(tenant, ask).await?;
                let is_parked_row = ask.key.is_some() && found.parked > 0;
                return self.fresh_enough(found, FetchPlan::Waited, is_parked_row, freshness).await;
            }
        }
        Err(AskError::NotReached { position: projector.progress.position().max(position), demanded })
    }

    /// The row as it will be, folded over the stored one; `None` where that is not possible.
    async fn fold(
        &self,
        kept: &Kept<'_>,
        ask: &Ask,
        tenant: &Tenant,
        demanded: Position,
    ) -> Result<Option<Fetched>, AskError> {
        let Kept { projector, model } = *kept;
        // A row that reads its neighbours' cannot be folded on its own.
        let alone = projector.definition.models.len() == 1;
        let (Some(place), Some(key), true) = (model, &ask.key, alone) else {
            return Ok(None);
        };
        let definition: &ModelDefinition = &projector.definition.models[place];
        let key = RowKey { tenant: tenant.clone(), key: key.clone() };
        // Hidden rows too, and its position: as one snapshot, so that no event is folded twice.
        let Some((stored, position)) = self.row_and_position(projector, place, &key).await? else {
            return Ok(None);
        };
        let folded = fold_tail(&self.feed, &self.tails, definition, &key, stored, position, demanded).await?;
        let TailFold::Row(row, position) = folded else {
            return Ok(None);
        };
        let event_time = row.as_ref().map(|_| self.clock.now());
        let rows = row.into_iter().filter(|row| row.shown).collect();
        let found = RowsFound { rows, next: None, position, event_time, parked: 0 };
        let lag = Duration::ZERO;
        Ok(Some(Fetched { found, shown_as: None, plan: FetchPlan::TailFold, stale: false, lag }))
    }

    /// The stored row, hidden or shown, with the position that it is folded up to. The two are read one after the other: where the
    /// position has moved meanwhile, once more.
    async fn row_and_position(
        &self,
        projector: &Projector,
        place: usize,
        key: &RowKey,
    ) -> Result<Option<(Option<watershed_core::ports::StoredRow>, Position)>, AskError> {
        for _ in 0..4 {
            let before = projector.store.checkpoint().await?.position;
            let keys = std::slice::from_ref(key);
            let row = projector.store.rows(place, keys).await?.pop();
            let after = projector.store.checkpoint().await?.position;
            if before == after {
                return Ok(Some((row, before)));
            }
        }
        Ok(None)
    }

    async fn fresh_enough(
        &self,
        found: RowsFound,
        plan: FetchPlan,
        stale: bool,
        freshness: Freshness,
    ) -> Result<Fetched, AskError> {
        let lag = self.lag(found.position).await?;
        Ok(Fetched { stale: stale || lag > freshness.bound(), found, shown_as: None, plan, lag })
    }

    /// How long the oldest event after `position` has stood in the log.
    pub(crate) async fn lag(&self, position: Position) -> Result<Duration, LogError> {
        if position >= self.feed.log().head() {
            return Ok(Duration::ZERO);
        }
        let recorded = match self.recorded_at(position + 1).await {
            // A view that stopped at a damaged event still answers: the next event is younger than the last that it shows.
            Err(error) if error.is_damage() => self.recorded_at(position).await,
            read => read,
        };
        let recorded = match recorded {
            // Nobody knows since when: for ever.
            Err(error) if error.is_damage() => Some(Timestamp::from_micros(0)),
            read => read?,
        };
        Ok(recorded.map_or(Duration::ZERO, |recorded| self.clock.now().since(recorded)))
    }

    async fn recorded_at(&self, position: Position) -> Result<Option<Timestamp>, LogError> {
        let read = ReadFrom { scope: Scope::Log, after: position.saturating_sub(1), limit: 1 };
        let read = self.feed.log().read(read).await?;
        Ok(read.events.first().map(|event| event.recorded_at))
    }
}
