//! What operators use: views, nodes, parked keys, imports, the log. Every request asks the authorizer, as the runtime's functions do.

mod editions;
mod imports;
mod log;
mod nodes;
mod parked;
mod reconcile;
mod views;

use bytes::Bytes;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::hosted::Hosted;
use crate::problem::{MALFORMED_BODY, Problem};
use crate::reply::Reply;
use crate::request::{Limits, Parameters, principal_of, read_json};
use crate::route::{Admin, Change};

/// What a change says in its body.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let problem = error.to_string();
        let field =
            problem.split('`').nth(1).filter(|_| problem.contains(" field `")).unwrap_or("body").to_owned();
        Problem::with_field(&MALFORMED_BODY, field, problem)
    })
}

/// What has been done with a view, where there is nothing more to tell.
#[derive(Serialize)]
struct Done<'a> {
    view: &'a str,
    done: &'static str,
}

/// Everything under `/admin/{context}`.
pub(crate) async fn operate<B>(
    hosted: &Hosted,
    what: Admin<'_>,
    parts: &Parts,
    body: B,
    limits: Limits,
) -> Result<Reply, Problem>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let principal = principal_of(parts);
    let parameters = Parameters::of(parts.uri.query())?;
    match what {
        Admin::Views => views::statuses(hosted, &principal, parameters).await,
        Admin::Nodes => nodes::list(hosted, &principal, parameters).await,
        Admin::Editions => editions::list(hosted, &principal, parameters),
        Admin::Verification(view) => editions::verification(hosted, &principal, view, parameters),
        Admin::Changes(view) => views::changes(hosted, &principal, view, parameters).await,
        Admin::Checkpoints => views::checkpoints(hosted, &principal, parameters),
        Admin::Contracts => reconcile::contracts(hosted, &principal, parameters).await,
        Admin::Drift => reconcile::drift(hosted, &principal, parameters),
        Admin::Parked => parked::list(hosted, &principal, parameters).await,
        Admin::Imports => imports::list(hosted, &principal, parameters).await,
        Admin::ImportLines(import) => imports::lines(hosted, &principal, import, parameters).await,
        Admin::ImportLine(import, number) => {
            imports::line(hosted, &principal, (import, number), parameters).await
        }
        Admin::Events => log::events(hosted, &principal, parameters).await,
        Admin::Log => log::facts(hosted, &principal, parameters).await,
        Admin::Verify => log::verify(hosted, &principal, parameters, parts).await,
        Admin::Change(change) => {
            parameters.finish()?;
            // Every change is a POST with a JSON body, if only `{}`: no web page can have a browser send that unasked.
            let body = read_json(&parts.headers, body, limits).await?;
            match change {
                Change::Retry => parked::retry(hosted, &principal, &body).await,
                Change::Skip => parked::skip(hosted, &principal, &body).await,
                Change::RetryLine(import) => imports::retry(hosted, &principal, import, &body).await,
                Change::DiscardLine(import) => imports::discard(hosted, &principal, import, &body).await,
                Change::Pause(view) => views::pause(hosted, &principal, view).await,
                Change::Resume(view) => views::resume(hosted, &principal, view).await,
                Change::Workers(view) => views::workers(hosted, &principal, view, &body).await,
                Change::Rebuild(view) => views::rebuild(hosted, &principal, view, &body).await,
                Change::Reconcile(view) => reconcile::reconcile(hosted, &principal, view, &body).await,
                Change::Repair(view) => reconcile::repair(hosted, &principal, view, &body).await,
                Change::Step(view, step) => editions::step(hosted, &principal, view, step, &body).await,
                Change::Save(view) => editions::save(hosted, &principal, view, &body).await,
                Change::Restore(view) => editions::restore(hosted, &principal, view, &body).await,
                Change::Flag(view) => editions::flag(hosted, &principal, view, &body).await,
            }
        }
    }
}
