//! Commands and questions in the domain's own types.

use std::any::{Any, TypeId};
use std::future::IntoFuture;
use std::sync::Arc;
use std::time::{Duration, Instant};

use watershed_core::ports::Later;
use watershed_core::{Command, NamedQuery, Plan, Principal, Query, Receipt, Row, Token};

use super::running::{Running, outcome};
use crate::command::{CommandHandler, Request, SendError, says_beside};
use crate::query::{Answer, AskError, OnStale, Terms, read_row};
use crate::telemetry;

impl Running {
    /// Sends a command. Say more about it, and await it.
    pub fn send<C: Command>(&self, command: C) -> Sending<'_, C> {
        Sending { running: self, command, request: Request::default() }
    }

    /// Asks a question. Say more about it, and await it.
    pub fn ask<Q: Query>(&self, query: Q) -> Asking<'_, Q> {
        Asking { running: self, query, terms: Terms::default() }
    }
}

/// A command on its way. Await it.
#[must_use = "a command is sent when it is awaited"]
pub struct Sending<'a, C> {
    running: &'a Running,
    command: C,
    request: Request,
}

impl<C> Sending<'_, C> {
    says_beside!();
}

impl<'a, C: Command> IntoFuture for Sending<'a, C> {
    type Output = Result<Receipt, SendError<C::Refusal>>;
    type IntoFuture = Later<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { running, command, request } = self;
        let handler = running
            .0
            .handlers
            .get(&TypeId::of::<C>())
            .and_then(|handler| handler.downcast_ref::<Arc<dyn CommandHandler<C>>>());
        let name = command.kind().name;
        let Some(handler) = handler else {
            return Box::pin(std::future::ready(Err(SendError::UnknownCommand(name.to_owned()))));
        };
        let context = running.0.name;
        Box::pin(async move {
            let started = Instant::now();
            let answer = handler.handle(command, request).await;
            telemetry::command(context, name, outcome(&answer), started.elapsed());
            answer
        })
    }
}

/// A question on its way. Await it.
#[must_use = "a question is asked when it is awaited"]
pub struct Asking<'a, Q> {
    running: &'a Running,
    query: Q,
    terms: Terms,
}

impl<Q> Asking<'_, Q> {
    /// The answer shows at least what the token stands for.
    pub fn after(mut self, token: Token) -> Self {
        self.terms.token = Some(token);
        self
    }

    /// What to do where the rows have not come that far.
    pub fn on_stale(mut self, on_stale: OnStale) -> Self {
        self.terms.on_stale = on_stale;
        self
    }

    /// The longest wait; 2 seconds where nobody says.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.terms.patience = patience;
        self
    }

    /// Is asked by this principal, of their tenant.
    pub fn by(mut self, principal: impl Into<Arc<Principal>>) -> Self {
        self.terms.principal = principal.into();
        self
    }
}

impl<'a, Q: Query> IntoFuture for Asking<'a, Q> {
    type Output = Result<Answer<<Q::Answer as Plan>::Output>, AskError>;
    type IntoFuture = Later<'a, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(answer(self.running, self.query, self.terms))
    }
}

async fn answer<Q: Query>(
    running: &Running,
    query: Q,
    terms: Terms,
) -> Result<Answer<<Q::Answer as Plan>::Output>, AskError> {
    let view = running.view(<<Q::Answer as Plan>::Row as Row>::NAME).map_err(|_| {
        AskError::UnknownView(format!(
            "{} (asked by {})",
            <<Q::Answer as Plan>::Row as Row>::NAME,
            <Q as NamedQuery>::NAME
        ))
    })?;
    let fetch = &running.0.fetch;
    fetch.authorize(view.name, &terms)?;
    let ask = query.ask().into_ask();
    let fetched = fetch.rows(&view.stand, view.promise.contract.freshness, ask, &terms).await?;
    telemetry::question(running.0.name, view.name, fetched.plan.name());
    let now = fetch.clock.now();
    let rows = fetched.found.rows.into_iter().map(|row| match &fetched.shown_as {
        None => read_row(row.values, now),
        Some(shown_as) => shown_as.to_row(row.values, now).and_then(typed),
    });
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(Answer {
        value: Q::Answer::answer(rows, fetched.found.next),
        position: fetched.found.position,
        lag: fetched.lag,
        plan: fetched.plan,
        stale: fetched.stale,
        parked: fetched.found.parked,
        token: fetch.token(fetched.found.position),
    })
}

/// A row as the type that the question asks for.
fn typed<R: Row>(row: Box<dyn Any + Send>) -> Result<R, AskError> {
    row.downcast::<R>()
        .map(|row| *row)
        .map_err(|_| AskError::UnreadableRow(format!("{}: of another type", R::NAME)))
}
