//! A request's way to its answer: route, limits, handler, problem document.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http::request::Parts;

use tracing::{Instrument, Span};

use crate::admin::operate;
use crate::api;
use crate::closing::Closing;
use crate::exposure::Hosts;
use crate::gauges;
use crate::hosted::{Hosted, shortened};
use crate::openapi;
use crate::options::Options;
use crate::pages;
use crate::problem::{OVERLOADED, Problem, UNKNOWN_CONTEXT};
use crate::reply::{Names, Reply, as_json};
use crate::request::{Limits, Segments, principal_of, wants_events};
use crate::route::{Route, not_found};
use crate::seats::Seats;
use crate::telemetry::{Meters, Metrics, Operation};

/// Everything that answering needs.
pub(crate) struct Entry {
    pub(crate) contexts: Vec<Hosted>,
    pub(crate) metrics: Option<Metrics>,
    pub(crate) meters: Meters,
    pub(crate) hosts: Hosts,
    pub(crate) closing: Closing,
    watching: api::Watching,
    requests: Seats,
    imports: Seats,
    limits: Limits,
    patience: Duration,
    openapi: OnceLock<Bytes>,
}

impl Entry {
    pub(crate) fn new(contexts: Vec<Hosted>, options: &Options, closing: Closing) -> Self {
        Self {
            contexts,
            metrics: None,
            meters: Meters::new(),
            hosts: Hosts::Any,
            watching: api::Watching {
                seats: Seats::new(options.max_watches),
                heartbeat: options.heartbeat,
                interval: options.watch_interval,
                closing: closing.clone(),
            },
            closing,
            requests: Seats::new(options.max_requests),
            imports: Seats::new(options.max_imports),
            limits: Limits { bytes: options.max_body, depth: options.max_depth, time: options.body_time },
            patience: options.patience,
            openapi: OnceLock::new(),
        }
    }

    /// Answers a request, whatever it is.
    pub(crate) async fn answer<B>(&self, request: Request<B>) -> Reply
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let begun = Instant::now();
        let (parts, body) = request.into_parts();
        let mut operation = Operation::Page;
        let span = span_of(&parts);
        let answered = self.routed(&parts, body, &mut operation).instrument(span).await;
        let reply = answered.unwrap_or_else(|problem| {
            tracing::debug!(code = problem.kind().code, path = parts.uri.path(), "answered with a problem");
            problem.into_reply(parts.uri.path())
        });
        self.meters.answered(operation, reply.status(), begun.elapsed());
        reply
    }

    async fn routed<B>(&self, parts: &Parts, body: B, operation: &mut Operation) -> Result<Reply, Problem>
    where
        B: http_body::Body<Data = Bytes>,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let segments = Segments::of(parts.uri.path())?;
        let route = Route::of(&segments)?;
        *operation = Operation::of(route);
        route.check(&parts.method)?;
        self.hosts.check(&parts.headers)?;
        let busy = || Problem::new(&OVERLOADED, "the server works on as many requests as it may at once");
        let _seat = match route {
            // However busy the process is, it is there: whoever looks after it must not end it for being busy.
            Route::Health => None,
            _ => Some(self.requests.take().ok_or_else(busy)?),
        };
        match route {
            Route::Command(context, command) => {
                api::send(self.context(context)?, command, parts, body, self.limits).await
            }
            Route::Import(context, import) => {
                let room = api::Room { seats: &self.imports, limits: self.limits, closing: &self.closing };
                api::import(self.context(context)?, import, parts, body, room).await
            }
            Route::Row(context, view, key) => {
                api::row(self.context(context)?, (view, key), parts, self.patience).await
            }
            Route::Rows(context, view) if wants_events(&parts.headers) => {
                *operation = Operation::Watch;
                let list = api::List::View(view);
                api::watch_list(self.context(context)?, list, parts, self.patience, &self.watching).await
            }
            Route::Query(context, query) if wants_events(&parts.headers) => {
                *operation = Operation::Watch;
                let list = api::List::Query(query);
                api::watch_list(self.context(context)?, list, parts, self.patience, &self.watching).await
            }
            Route::Rows(context, view) => api::list(self.context(context)?, view, parts, self.patience).await,
            Route::Query(context, query) => {
                api::query(self.context(context)?, query, parts, self.patience).await
            }
            Route::Watch(context, view, key) => {
                api::watch(self.context(context)?, (view, key), parts, self.patience, &self.watching).await
            }
            Route::Stream(context, category, id) => {
                api::stream(self.context(context)?, (category, id), parts).await
            }
            Route::Admin(context, what) => {
                operate(self.context(context)?, what, parts, body, self.limits).await
            }
            Route::Asset(context, asset, key) => self.asset(context, asset, key, parts),
            Route::Index => Ok(pages::index(&self.contexts, &parts.headers)),
            Route::Health => Ok(pages::health(&self.contexts).await),
            Route::Ready => pages::ready(self.closing.is_said()),
            Route::Metrics => {
                let watches = self.watching.seats.taken();
                gauges::metrics(&self.contexts, self.metrics.as_ref(), watches, &principal_of(parts)).await
            }
            Route::OpenApi => Ok(self.openapi()),
            Route::ErrorPages => Ok(pages::error_pages()),
            Route::ErrorPage(code) => pages::error_page(&self.contexts, code),
        }
    }

    fn context(&self, name: &str) -> Result<&Hosted, Problem> {
        let unknown =
            || Problem::new(&UNKNOWN_CONTEXT, format!("no context `{}` is hosted here", shortened(name)));
        self.contexts.iter().find(|hosted| hosted.running.name() == name).ok_or_else(unknown)
    }

    /// What a context's program serves there. Whatever else leads here is an address at which there is nothing.
    fn asset(&self, context: &str, asset: &str, key: Option<&str>, parts: &Parts) -> Result<Reply, Problem> {
        let hosted = self.context(context).map_err(|_| not_found())?;
        let found = hosted.assets.iter().find(|other| other.is_at(asset, key)).ok_or_else(not_found)?;
        Ok(found.reply(&parts.headers))
    }

    fn openapi(&self) -> Reply {
        let document = self.openapi.get_or_init(|| {
            let catalogues =
                self.contexts.iter().map(|hosted| (hosted.running.name(), hosted.running.catalogue()));
            openapi::document(&catalogues.collect::<Vec<_>>()).to_string().into()
        });
        as_json(document.clone())
    }
}

/// What everything that happens for a request is told with.
fn span_of(parts: &Parts) -> Span {
    let correlation = parts.headers.get(Names::CORRELATION).and_then(|text| text.to_str().ok());
    tracing::debug_span!("request", method = %parts.method, path = parts.uri.path(), correlation)
}
