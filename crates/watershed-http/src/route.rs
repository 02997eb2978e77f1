//! The one table of what stands at which address.

use http::Method;

use crate::problem::{METHOD_NOT_ALLOWED, NOT_FOUND, Problem};
use crate::request::Segments;

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// `/`
    Index,
    /// `/healthz`
    Health,
    /// `/readyz`
    Ready,
    /// `/metrics`
    Metrics,
    /// `/openapi.json`
    OpenApi,
    /// `/errors`
    ErrorPages,
    /// `/errors/{code}`
    ErrorPage(&'a str),
    /// `/api/{context}/commands/{command}`
    Command(&'a str, &'a str),
    /// `/api/{context}/imports/{import}`
    Import(&'a str, &'a str),
    /// `/api/{context}/views/{view}`
    Rows(&'a str, &'a str),
    /// `/api/{context}/views/{view}/{key}`
    Row(&'a str, &'a str, &'a str),
    /// `/api/{context}/views/{view}/{key}/watch`
    Watch(&'a str, &'a str, &'a str),
    /// `/api/{context}/queries/{query}`
    Query(&'a str, &'a str),
    /// `/api/{context}/streams/{category}/{id}`
    Stream(&'a str, &'a str, &'a str),
    /// `/{context}/{asset}`, `/{context}/{asset}/{key}`: what is served beside a context's API.
    Asset(&'a str, &'a str, Option<&'a str>),
    /// `/admin/{context}/...`
    Admin(&'a str, Admin<'a>),
}

/// What an operator's path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admin<'a> {
    /// `views`
    Views,
    /// `nodes`
    Nodes,
    /// `editions`
    Editions,
    /// `views/{view}/verification`
    Verification(&'a str),
    /// `views/{view}/changes`
    Changes(&'a str),
    /// `checkpoints`
    Checkpoints,
    /// `contracts`
    Contracts,
    /// `drift`
    Drift,
    /// `parked`
    Parked,
    /// `imports`
    Imports,
    /// `imports/{import}`
    ImportLines(&'a str),
    /// `imports/{import}/{number}`
    ImportLine(&'a str, &'a str),
    /// `events`
    Events,
    /// `log`
    Log,
    /// `log/verify`
    Verify,
    /// What changes something.
    Change(Change<'a>),
}

/// What an operator can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change<'a> {
    /// `views/{view}/pause`
    Pause(&'a str),
    /// `views/{view}/resume`
    Resume(&'a str),
    /// `views/{view}/workers`
    Workers(&'a str),
    /// `views/{view}/rebuild`
    Rebuild(&'a str),
    /// `views/{view}/backfill` and the other steps of an edition
    Step(&'a str, Step),
    /// `views/{view}/flag`
    Flag(&'a str),
    /// `views/{view}/save`
    Save(&'a str),
    /// `views/{view}/restore`
    Restore(&'a str),
    /// `views/{view}/reconcile`
    Reconcile(&'a str),
    /// `views/{view}/repair`
    Repair(&'a str),
    /// `imports/{import}/retry`
    RetryLine(&'a str),
    /// `imports/{import}/discard`
    DiscardLine(&'a str),
    /// `parked/retry`
    Retry,
    /// `parked/skip`
    Skip,
}

/// What an operator can do with an edition of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Backfill,
    Verify,
    Cutover,
    Rollback,
    Retire,
}

/// The method that an address takes; HEAD is as good as GET.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    Get,
    Post,
}

impl<'a> Route<'a> {
    /// What the segments of a path name.
    pub(crate) fn of(segments: &'a Segments<'_>) -> Result<Self, Problem> {
        let (texts, count) = segments.texts();
        let route = match &texts[..count] {
            [] => Self::Index,
            ["healthz"] => Self::Health,
            ["readyz"] => Self::Ready,
            ["metrics"] => Self::Metrics,
            ["openapi.json"] => Self::OpenApi,
            ["errors"] => Self::ErrorPages,
            ["errors", code] => Self::ErrorPage(code),
            ["api", context, "commands", command] => Self::Command(context, command),
            ["api", context, "imports", import] => Self::Import(context, import),
            ["api", context, "views", view] => Self::Rows(context, view),
            ["api", context, "views", view, key] => Self::Row(context, view, key),
            ["api", context, "views", view, key, "watch"] => Self::Watch(context, view, key),
            ["api", context, "queries", query] => Self::Query(context, query),
            ["api", context, "streams", category, id] => Self::Stream(context, category, id),
            ["admin", context, rest @ ..] => Self::Admin(context, Admin::of(rest).ok_or_else(not_found)?),
            ["api" | "admin" | "errors", ..] => return Err(not_found()),
            [context, asset] => Self::Asset(context, asset, None),
            [context, asset, key] => Self::Asset(context, asset, Some(key)),
            _ => return Err(not_found()),
        };
        Ok(route)
    }

    /// The address as documents and metrics name it.
    pub(crate) fn template(self) -> &'static str {
        match self {
            Self::Index => "/",
            Self::Health => "/healthz",
            Self::Ready => "/readyz",
            Self::Metrics => "/metrics",
            Self::OpenApi => "/openapi.json",
            Self::ErrorPages => "/errors",
            Self::ErrorPage(_) => "/errors/{code}",
            Self::Command(..) => "/api/{context}/commands/{command}",
            Self::Import(..) => "/api/{context}/imports/{import}",
            Self::Rows(..) => "/api/{context}/views/{view}",
            Self::Row(..) => "/api/{context}/views/{view}/{key}",
            Self::Watch(..) => "/api/{context}/views/{view}/{key}/watch",
            Self::Query(..) => "/api/{context}/queries/{query}",
            Self::Stream(..) => "/api/{context}/streams/{category}/{id}",
            Self::Asset(_, _, None) => "/{context}/{asset}",
            Self::Asset(..) => "/{context}/{asset}/{key}",
            Self::Admin(_, admin) => admin.template(),
        }
    }

    /// The method that it takes.
    pub(crate) fn takes(self) -> Takes {
        match self {
            Self::Command(..) | Self::Import(..) | Self::Admin(_, Admin::Change(_)) => Takes::Post,
            _ => Takes::Get,
        }
    }

    /// Whether it takes `method`.
    pub(crate) fn check(self, method: &Method) -> Result<(), Problem> {
        let (fits, allow) = match self.takes() {
            Takes::Get => (*method == Method::GET || *method == Method::HEAD, "GET, HEAD"),
            Takes::Post => (*method == Method::POST, "POST"),
        };
        if fits {
            return Ok(());
        }
        let detail = format!("{} takes {allow}, not {method}", self.template());
        Err(Problem::new(&METHOD_NOT_ALLOWED, detail)
            .header(http::header::ALLOW, http::HeaderValue::from_static(allow)))
    }
}

impl<'a> Admin<'a> {
    fn of(segments: &[&'a str]) -> Option<Self> {
        Some(match segments {
            ["views"] => Self::Views,
            ["nodes"] => Self::Nodes,
            ["editions"] => Self::Editions,
            ["views", view, "verification"] => Self::Verification(view),
            ["views", view, "changes"] => Self::Changes(view),
            ["views", view, "backfill"] => Self::Change(Change::Step(view, Step::Backfill)),
            ["views", view, "verify"] => Self::Change(Change::Step(view, Step::Verify)),
            ["views", view, "cutover"] => Self::Change(Change::Step(view, Step::Cutover)),
            ["views", view, "rollback"] => Self::Change(Change::Step(view, Step::Rollback)),
            ["views", view, "retire"] => Self::Change(Change::Step(view, Step::Retire)),
            ["views", view, "save"] => Self::Change(Change::Save(view)),
            ["views", view, "restore"] => Self::Change(Change::Restore(view)),
            ["views", view, "flag"] => Self::Change(Change::Flag(view)),
            ["checkpoints"] => Self::Checkpoints,
            ["contracts"] => Self::Contracts,
            ["drift"] => Self::Drift,
            ["parked"] => Self::Parked,
            ["imports"] => Self::Imports,
            ["imports", import] => Self::ImportLines(import),
            ["imports", import, "retry"] => Self::Change(Change::RetryLine(import)),
            ["imports", import, "discard"] => Self::Change(Change::DiscardLine(import)),
            ["imports", import, number] => Self::ImportLine(import, number),
            ["events"] => Self::Events,
            ["log"] => Self::Log,
            ["log", "verify"] => Self::Verify,
            ["views", view, "pause"] => Self::Change(Change::Pause(view)),
            ["views", view, "resume"] => Self::Change(Change::Resume(view)),
            ["views", view, "workers"] => Self::Change(Change::Workers(view)),
            ["views", view, "rebuild"] => Self::Change(Change::Rebuild(view)),
            ["views", view, "reconcile"] => Self::Change(Change::Reconcile(view)),
            ["views", view, "repair"] => Self::Change(Change::Repair(view)),
            ["parked", "retry"] => Self::Change(Change::Retry),
            ["parked", "skip"] => Self::Change(Change::Skip),
            _ => return None,
        })
    }

    fn template(self) -> &'static str {
        match self {
            Self::Views => "/admin/{context}/views",
            Self::Nodes => "/admin/{context}/nodes",
            Self::Editions => "/admin/{context}/editions",
            Self::Verification(_) => "/admin/{context}/views/{view}/verification",
            Self::Changes(_) => "/admin/{context}/views/{view}/changes",
            Self::Change(Change::Step(_, Step::Backfill)) => "/admin/{context}/views/{view}/backfill",
            Self::Change(Change::Step(_, Step::Verify)) => "/admin/{context}/views/{view}/verify",
            Self::Change(Change::Step(_, Step::Cutover)) => "/admin/{context}/views/{view}/cutover",
            Self::Change(Change::Step(_, Step::Rollback)) => "/admin/{context}/views/{view}/rollback",
            Self::Change(Change::Step(_, Step::Retire)) => "/admin/{context}/views/{view}/retire",
            Self::Change(Change::Save(_)) => "/admin/{context}/views/{view}/save",
            Self::Change(Change::Restore(_)) => "/admin/{context}/views/{view}/restore",
            Self::Change(Change::Flag(_)) => "/admin/{context}/views/{view}/flag",
            Self::Checkpoints => "/admin/{context}/checkpoints",
            Self::Contracts => "/admin/{context}/contracts",
            Self::Drift => "/admin/{context}/drift",
            Self::Parked => "/admin/{context}/parked",
            Self::Imports => "/admin/{context}/imports",
            Self::ImportLines(_) => "/admin/{context}/imports/{import}",
            Self::ImportLine(..) => "/admin/{context}/imports/{import}/{number}",
            Self::Events => "/admin/{context}/events",
            Self::Log => "/admin/{context}/log",
            Self::Verify => "/admin/{context}/log/verify",
            Self::Change(Change::Pause(_)) => "/admin/{context}/views/{view}/pause",
            Self::Change(Change::Resume(_)) => "/admin/{context}/views/{view}/resume",
            Self::Change(Change::Workers(_)) => "/admin/{context}/views/{view}/workers",
            Self::Change(Change::Rebuild(_)) => "/admin/{context}/views/{view}/rebuild",
            Self::Change(Change::Reconcile(_)) => "/admin/{context}/views/{view}/reconcile",
            Self::Change(Change::Repair(_)) => "/admin/{context}/views/{view}/repair",
            Self::Change(Change::RetryLine(_)) => "/admin/{context}/imports/{import}/retry",
            Self::Change(Change::DiscardLine(_)) => "/admin/{context}/imports/{import}/discard",
            Self::Change(Change::Retry) => "/admin/{context}/parked/retry",
            Self::Change(Change::Skip) => "/admin/{context}/parked/skip",
        }
    }
}

pub(crate) fn not_found() -> Problem {
    Problem::new(&NOT_FOUND, "there is nothing at this address; `/` lists what there is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_leads_to_its_own_route() {
        let paths = [
            "/",
            "/healthz",
            "/readyz",
            "/metrics",
            "/openapi.json",
            "/errors",
            "/errors/{code}",
            "/api/{context}/commands/{command}",
            "/api/{context}/imports/{import}",
            "/api/{context}/views/{view}",
            "/api/{context}/views/{view}/{key}",
            "/api/{context}/views/{view}/{key}/watch",
            "/api/{context}/queries/{query}",
            "/api/{context}/streams/{category}/{id}",
            "/{context}/{asset}",
            "/{context}/{asset}/{key}",
            "/admin/{context}/views",
            "/admin/{context}/views/{view}/pause",
            "/admin/{context}/views/{view}/resume",
            "/admin/{context}/views/{view}/workers",
            "/admin/{context}/views/{view}/rebuild",
            "/admin/{context}/nodes",
            "/admin/{context}/editions",
            "/admin/{context}/views/{view}/verification",
            "/admin/{context}/views/{view}/changes",
            "/admin/{context}/views/{view}/backfill",
            "/admin/{context}/views/{view}/verify",
            "/admin/{context}/views/{view}/cutover",
            "/admin/{context}/views/{view}/rollback",
            "/admin/{context}/views/{view}/retire",
            "/admin/{context}/views/{view}/flag",
            "/admin/{context}/views/{view}/save",
            "/admin/{context}/views/{view}/restore",
            "/admin/{context}/views/{view}/reconcile",
            "/admin/{context}/views/{view}/repair",
            "/admin/{context}/checkpoints",
            "/admin/{context}/contracts",
            "/admin/{context}/drift",
            "/admin/{context}/parked",
            "/admin/{context}/parked/retry",
            "/admin/{context}/parked/skip",
            "/admin/{context}/imports",
            "/admin/{context}/imports/{import}",
            "/admin/{context}/imports/{import}/{number}",
            "/admin/{context}/imports/{import}/retry",
            "/admin/{context}/imports/{import}/discard",
            "/admin/{context}/events",
            "/admin/{context}/log",
            "/admin/{context}/log/verify",
        ];
        for path in paths {
            let segments = Segments::of(path).expect("readable");
            assert_eq!(Route::of(&segments).expect("routed").template(), path);
        }
    }

    #[test]
    fn a_longer_path_and_a_slash_in_a_key_do_not_pass_for_another_route() {
        for path in
            ["/api/coop/views/a/b/watch/c", "/a/b/c/d/e/f/g/h/i/j", "/api//coop/views/a", "/admin/coop"]
        {
            let segments = Segments::of(path).expect("readable");
            assert!(Route::of(&segments).is_err(), "{path}");
        }
        let segments = Segments::of("/api/coop/views/a/b%2Fwatch").expect("readable");
        assert_eq!(Route::of(&segments).expect("routed"), Route::Row("coop", "a", "b/watch"));
        assert!(Segments::of("/api/coop/views/a/%ff").is_err());
    }
}
