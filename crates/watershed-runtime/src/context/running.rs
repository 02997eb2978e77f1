use std::any::TypeId;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::value::RawValue;
use watershed_core::ports::{Events, Nodes, ReadFrom, Scope, Triage};
use watershed_core::{
    Access, Action, Ask, Cursor, Direction, Key, LogIdentity, PageOf, Position, Predicate, Principal,
    Receipt, StreamId, Token, Version,
};

use super::catalogue::Catalogue;
use super::operate::OperateError;
use super::queries::Question;
use super::views::RunningView;
use crate::command::{AnyRefusal, ErasedHandler, Request, SendError, StateAt, WriteCore, WriteModel};
use crate::editions::Group;
use crate::import::Importer;
use crate::nodes::Member;
use crate::query::{Answer, AskError, Fetch, Stand, Terms, declared, filter_of};
use crate::reconcile::{Drift, Reconciler, Watched};
use crate::telemetry;

/// A running context: a handle, cheap to clone.
#[derive(Clone)]
pub struct Running(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) name: &'static str,
    pub(crate) fetch: Fetch,
    pub(crate) core: Arc<WriteCore>,
    pub(crate) handlers: FxHashMap<TypeId, ErasedHandler>,
    pub(crate) write_models: Vec<Arc<dyn WriteModel>>,
    /// The categories of the events that anything here decides or folds.
    pub(crate) categories: FxHashSet<&'static str>,
    /// By command: the place of its write model, and its name for ever.
    pub(crate) commands: FxHashMap<&'static str, (usize, &'static str)>,
    pub(crate) views: FxHashMap<&'static str, RunningView>,
    pub(crate) questions: FxHashMap<&'static str, Box<dyn Question>>,
    pub(crate) groups: Vec<Arc<Group>>,
    /// This process among those that share the rows.
    pub(crate) member: Option<Arc<Member>>,
    /// The groups, as reconciliation sees them.
    pub(crate) watched: Vec<Arc<Watched>>,
    pub(crate) drift: Arc<Drift>,
    pub(crate) reconciler: Reconciler,
    pub(crate) catalogue: Catalogue,
    pub(crate) importers: Vec<Arc<dyn Importer>>,
    pub(crate) triage: Arc<dyn Triage>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.reconciler.close();
        for group in &self.groups {
            group.close();
        }
    }
}

/// A question for a page of a view, as a caller writes it.
#[derive(Debug, Clone, Default)]
pub struct PageAsk {
    /// Column, operator (`eq`, `ne`, `lt`, `lte`, `gt`, `gte`, `in`, `null`, `contains`), value. All must hold.
    pub filters: Vec<(String, String, String)>,
    /// Columns to sort by.
    pub sort: Vec<(String, Direction)>,
    /// How many rows at most; 1 to 1,000, 50 where nobody says.
    pub limit: Option<u32>,
    /// The `next` of the page before.
    pub after: Option<String>,
}

impl Running {
    /// The context's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Which log it writes.
    #[must_use]
    pub fn identity(&self) -> LogIdentity {
        self.0.core.log.identity()
    }

    /// The log's last position.
    #[must_use]
    pub fn head(&self) -> Position {
        self.0.core.log.head()
    }

    /// A token for everything that stands in the log now.
    #[must_use]
    pub fn token(&self) -> Token {
        self.0.core.token(self.head())
    }

    /// A token for everything up to that position: the [`Appended`](watershed_core::ports::Appended) of a transaction of your own that
    /// has been committed.
    #[must_use]
    pub fn token_at(&self, position: Position) -> Token {
        self.0.core.token(position)
    }

    /// Whether the policy would allow anybody anything.
    #[must_use]
    pub fn allows_anyone(&self) -> bool {
        self.0.core.authorizer.allows_anyone()
    }

    /// What can be sent and asked.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    /// Takes the command of that name from a JSON body.
    ///
    /// # Errors
    /// Where it is not taken.
    pub async fn send_json(
        &self,
        command: &str,
        body: &[u8],
        request: Request,
    ) -> Result<Receipt, SendError<AnyRefusal>> {
        let Some((place, name)) = self.0.commands.get(command) else {
            return Err(SendError::UnknownCommand(command.to_owned()));
        };
        let started = Instant::now();
        let answer = self.0.write_models[*place].handle_json(name, body, request).await;
        telemetry::command(self.0.name, name, outcome(&answer), started.elapsed());
        answer
    }

    /// The category of the streams that a command is about.
    pub(crate) fn category_of(&self, command: &str) -> Option<&'static str> {
        let (place, _) = self.0.commands.get(command)?;
        Some(self.0.write_models[*place].category())
    }

    pub(crate) fn view(&self, name: &str) -> Result<&RunningView, AskError> {
        self.0.views.get(name).ok_or_else(|| AskError::UnknownView(name.to_owned()))
    }

    /// One row of a view, as readers see it; none where there is no such row.
    ///
    /// # Errors
    /// Where the question is not answered.
    pub async fn row_json(
        &self,
        view: &str,
        key: &str,
        terms: &Terms,
    ) -> Result<Answer<Option<Box<RawValue>>>, AskError> {
        let view = self.view(view)?;
        let ask = Ask { key: Some(Key::from(key)), limit: 1, ..Ask::rows(view.name) };
        let page = self.rows_json(view, ask, terms).await?;
        Ok(page.map(|mut page| page.rows.pop()))
    }

    /// A page of a view.
    ///
    /// # Errors
    /// Where the question is not answered.
    pub async fn page_json(
        &self,
        view: &str,
        page: PageAsk,
        terms: &Terms,
    ) -> Result<Answer<PageOf<Box<RawValue>>>, AskError> {
        let ask = self.page_ask(view, page)?;
        self.rows_json(self.view(view)?, ask, terms).await
    }

    /// The question that a page asks.
    pub(super) fn page_ask(&self, view: &str, page: PageAsk) -> Result<Ask, AskError> {
        let view = self.view(view)?;
        let table = view.view.table();
        let mut ask = Ask::rows(view.name);
        for (column, operator, value) in &page.filters {
            ask.filter = ask.filter.and(filter_of(table, column, operator, value)?);
        }
        for (column, direction) in page.sort {
            let spec = declared(table, &column)?;
            if !spec.is_declared() {
                let problem = "can be searched, but not sorted by".to_owned();
                return Err(AskError::Malformed { field: column, problem });
            }
            ask.sort.push((spec.name.clone(), direction));
        }
        set_paging(&mut ask, page.limit, page.after.as_deref())?;
        Ok(ask)
    }

    /// The answer to a named query: a row (or `null`), or a page. `limit` and `after` among the parameters page.
    ///
    /// # Errors
    /// Where the question is not answered.
    pub async fn query_json(
        &self,
        name: &str,
        parameters: &[(String, String)],
        terms: &Terms,
    ) -> Result<Answer<Box<RawValue>>, AskError> {
        let (ask, by_key) = self.query_ask(name, parameters)?;
        let page = self.rows_json(self.view(ask.view)?, ask, terms).await?;
        let raw = |json: serde_json::Result<Box<RawValue>>| {
            json.map_err(|error| AskError::UnreadableRow(error.to_string()))
        };
        let value = if by_key {
            raw(serde_json::value::to_raw_value(&page.value.rows.first()))?
        } else {
            raw(serde_json::value::to_raw_value(&page.value))?
        };
        Ok(page.map(|_| value))
    }

    /// The question that a named query asks, and whether it asks for one row.
    pub(super) fn query_ask(
        &self,
        name: &str,
        parameters: &[(String, String)],
    ) -> Result<(Ask, bool), AskError> {
        let question = self.0.questions.get(name).ok_or_else(|| AskError::UnknownQuery(name.to_owned()))?;
        let paging =
            |wanted: &str| parameters.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.as_str());
        let is_paging = |name: &str| !question.by_key() && (name == "limit" || name == "after");
        let own: Vec<_> = parameters.iter().filter(|(name, _)| !is_paging(name)).cloned().collect();
        let mut ask = question.ask(&own)?;
        if !question.by_key() {
            let limit = match paging("limit") {
                None => None,
                Some(text) => Some(text.parse().map_err(|_| AskError::Malformed {
                    field: "limit".to_owned(),
                    problem: "not a whole number".to_owned(),
                })?),
            };
            set_paging(&mut ask, limit, paging("after"))?;
        }
        Ok((ask, question.by_key()))
    }

    async fn rows_json(
        &self,
        view: &RunningView,
        ask: Ask,
        terms: &Terms,
    ) -> Result<Answer<PageOf<Box<RawValue>>>, AskError> {
        let fetch = &self.0.fetch;
        fetch.authorize(view.name, terms)?;
        let fetched = fetch.rows(&view.stand, view.promise.contract.freshness, ask, terms).await?;
        telemetry::question(self.0.name, view.name, fetched.plan.name());
        let now = fetch.clock.now();
        let shown = fetched.shown_as.as_ref().unwrap_or(&view.view);
        let rows = fetched.found.rows.into_iter().map(|row| shown.to_json(row.values, now));
        Ok(Answer {
            value: PageOf { rows: rows.collect::<Result<_, _>>()?, next: fetched.found.next },
            position: fetched.found.position,
            lag: fetched.lag,
            plan: fetched.plan,
            stale: fetched.stale,
            parked: fetched.found.parked,
            token: fetch.token(fetched.found.position),
        })
    }

    /// Answers once the view's rows are past `after`, with how far they have come.
    ///
    /// # Errors
    /// Where there is no such view, or the context is closed.
    pub async fn changed(&self, view: &str, after: Position) -> Result<Position, AskError> {
        let Stand::Kept { group } = &self.view(view)?.stand else {
            return Ok(self.0.core.log.wait_past(after).await);
        };
        loop {
            let serving = group.serving();
            let position = serving.projector.past(after).await;
            // Another edition may serve by now, and not have come as far, or be the only one that comes any further.
            if group.serving().number == serving.number {
                let closed = || AskError::Unavailable("the context is closed".to_owned());
                return position.ok_or_else(closed);
            }
        }
    }

    /// A stream's events: its audit trail.
    ///
    /// # Errors
    /// Where the caller may not see them, or the log cannot be read.
    pub async fn stream(
        &self,
        principal: &Principal,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Events, AskError> {
        self.allow(principal, Action::Stream { stream })?;
        let scope = Scope::Stream { tenant: principal.tenant.clone(), stream: stream.clone() };
        self.read(ReadFrom { scope, after, limit }).await
    }

    /// An aggregate's state as of then, with the version that it stands for. None for a write model without a state that can
    /// be written (see `Storage::snapshots`).
    ///
    /// # Errors
    /// Where the caller may not see it, there is no such category, or the log cannot be read.
    pub async fn state_json(
        &self,
        principal: &Principal,
        stream: &StreamId,
        at: StateAt,
    ) -> Result<(Version, Option<serde_json::Value>), AskError> {
        self.allow(principal, Action::Stream { stream })?;
        let model = self.0.write_models.iter().find(|model| model.category() == &*stream.category);
        let Some(state) = model.and_then(|model| model.state(&principal.tenant, stream, at)) else {
            return Err(AskError::UnknownView(stream.category.to_string()));
        };
        Ok(state.await?)
    }

    /// The log's events, of all tenants: for operators.
    ///
    /// # Errors
    /// Where the caller may not see them, or the log cannot be read.
    pub async fn events(
        &self,
        principal: &Principal,
        after: Position,
        limit: usize,
    ) -> Result<Events, AskError> {
        self.allow(principal, Action::Operate { name: "read-log" })?;
        self.read(ReadFrom { scope: Scope::Log, after, limit }).await
    }

    async fn read(&self, from: ReadFrom) -> Result<Events, AskError> {
        Ok(self.0.core.log.read(from).await?)
    }

    fn allow(&self, principal: &Principal, action: Action<'_>) -> Result<(), AskError> {
        let access = Access { principal, action, state: None };
        self.0.core.authorizer.authorize(&access).map_err(AskError::Denied)
    }

    /// Stops the projectors after what they are folding now. Other handles of this context answer questions still, from rows that stand.
    pub async fn close(self) {
        let inner = self.0;
        for group in &inner.groups {
            group.end_tasks().await;
        }
        let member = inner.member.clone();
        let closed = tokio::task::spawn_blocking(move || {
            inner.reconciler.close();
            for group in &inner.groups {
                group.close();
            }
        });
        if closed.await.is_err() {
            tracing::error!("closing the projectors failed");
        }
        if let Some(member) = member {
            member.leave().await;
        }
    }

    /// The processes that share the context's rows, and which of them keeps which; with this one's name. None where nobody else can
    /// have the rows open.
    ///
    /// # Errors
    /// Where the store cannot be asked.
    pub async fn nodes(&self) -> Result<Option<(String, Nodes)>, OperateError> {
        let Some(member) = &self.0.member else { return Ok(None) };
        Ok(Some((member.name().to_owned(), member.nodes().await?)))
    }

    /// The token's longest wait where nobody says: 2 seconds.
    #[must_use]
    pub fn default_patience() -> Duration {
        Terms::default().patience
    }
}

pub(crate) fn outcome<R>(answer: &Result<Receipt, SendError<R>>) -> &'static str {
    match answer {
        Ok(receipt) if receipt.replayed => "replayed",
        Ok(_) => "taken",
        Err(SendError::Refused(_)) => "refused",
        // Not the caller's doing.
        Err(SendError::DamagedLog(_)) => "failed",
        Err(error) if error.is_retryable() => "failed",
        Err(_) => "rejected",
    }
}

fn set_paging(ask: &mut Ask, limit: Option<u32>, after: Option<&str>) -> Result<(), AskError> {
    if let Some(limit) = limit {
        if !(1..=Ask::MAX_LIMIT).contains(&limit) {
            let problem = format!("a page has 1 to {} rows", Ask::MAX_LIMIT);
            return Err(AskError::Malformed { field: "limit".to_owned(), problem });
        }
        ask.limit = limit;
    }
    if let Some(after) = after {
        ask.after = Some(after.parse::<Cursor>().map_err(|_| AskError::WrongCursor)?);
    }
    debug_assert!(!matches!(&ask.filter, Predicate::AnyOf { values, .. } if values.is_empty()));
    Ok(())
}
