//! What operators use: views, parked keys, imports, the log. Every request asks the authorizer, as the runtime's functions do.

mod imports;
mod log;
mod parked;
mod views;

use bytes::Bytes;
use http::request::Parts;

use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::request::{Limits, Parameters, principal_of, read_json};
use crate::route::{Admin, Change};

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
        Admin::Checkpoints => views::checkpoints(hosted, &principal, parameters),
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
                Change::Rebuild(view) => views::rebuild(hosted, &principal, view).await,
            }
        }
    }
}
