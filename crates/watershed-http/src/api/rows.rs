use std::time::Duration;

use http::header::{ETAG, HeaderMap, IF_NONE_MATCH};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use crate::hosted::{Hosted, shortened};
use crate::problem::{BAD_ID, NO_SUCH_ROW, Problem};
use crate::reply::{Names, Reply, freshness, page, raw, value_of};
use crate::request::{Parameters, page_ask, terms};

/// The longest key of a row that is looked for, in bytes: a key of several columns joins several ids.
const MAX_KEY: usize = 2_048;

/// `GET /api/{context}/views/{view}/{key}`
pub(crate) async fn row(
    hosted: &Hosted,
    (view, key): (&str, &str),
    parts: &Parts,
    patience: Duration,
) -> Result<Reply, Problem> {
    let contract = hosted.contract(view)?;
    check_key(key)?;
    Parameters::of(parts.uri.query())?.finish()?;
    let answer = hosted.running.row_json(view, key, &terms(parts, patience)?).await?;
    let headers = with_drift(hosted, view, freshness(&answer, contract));
    match answer.value {
        Some(row) => Ok(with_etag(parts, headers, row)),
        None => {
            let detail = format!("`{view}` has no row with the key `{}`", shortened(key));
            Err(Problem::new(&NO_SUCH_ROW, detail).headers(headers))
        }
    }
}

/// Refuses what cannot be a key, before anything looks for it.
pub(crate) fn check_key(key: &str) -> Result<(), Problem> {
    if key.is_empty() || key.len() > MAX_KEY || key.chars().any(char::is_control) {
        let wanted = format!("a key has 1 to {MAX_KEY} bytes and no control characters");
        return Err(Problem::with_field(&BAD_ID, "key", wanted));
    }
    Ok(())
}

/// `GET /api/{context}/views/{view}`
pub(crate) async fn list(
    hosted: &Hosted,
    view: &str,
    parts: &Parts,
    patience: Duration,
) -> Result<Reply, Problem> {
    let contract = hosted.contract(view)?;
    let ask = page_ask(Parameters::of(parts.uri.query())?)?;
    let answer = hosted.running.page_json(view, ask, &terms(parts, patience)?).await?;
    let mut headers = with_drift(hosted, view, freshness(&answer, contract));
    headers.insert(Names::PARKED, answer.parked.into());
    Ok(page(headers, &answer.value))
}

/// `GET /api/{context}/queries/{query}`
pub(crate) async fn query(
    hosted: &Hosted,
    name: &str,
    parts: &Parts,
    patience: Duration,
) -> Result<Reply, Problem> {
    let facts = hosted.query(name)?;
    let parameters = Parameters::of(parts.uri.query())?;
    let answer = hosted.running.query_json(name, &parameters.0, &terms(parts, patience)?).await?;
    let mut headers = with_drift(hosted, facts.view, freshness(&answer, &facts.contract));
    if !facts.by_key {
        headers.insert(Names::PARKED, answer.parked.into());
    } else if answer.value.get() == "null" {
        return Err(Problem::new(&NO_SUCH_ROW, format!("`{name}` found no row")).headers(headers));
    }
    Ok(with_etag(parts, headers, answer.value))
}

/// Says how many rows of the view are known not to be what they should be, where there are any.
fn with_drift(hosted: &Hosted, view: &str, mut headers: HeaderMap) -> HeaderMap {
    let drift = hosted.running.drift_count(view);
    if drift > 0 {
        headers.insert(Names::DRIFT, drift.into());
    }
    headers
}

/// The row, or 304 where the caller has it already. The tag stands for the row's text, computed columns included.
fn with_etag(parts: &Parts, mut headers: HeaderMap, row: Box<RawValue>) -> Reply {
    let tag = value_of(&format_args!("\"{:016x}\"", xxh3_64(row.get().as_bytes())));
    let known = parts.headers.get(IF_NONE_MATCH).is_some_and(|known| names(known, &tag));
    headers.insert(ETAG, tag);
    if known {
        let mut reply = Reply::new(crate::reply::Body::whole(""));
        *reply.status_mut() = StatusCode::NOT_MODIFIED;
        *reply.headers_mut() = headers;
        return reply;
    }
    raw(headers, row)
}

/// Whether an `If-None-Match` names the tag, weakly compared as the standard has it.
fn names(known: &HeaderValue, tag: &HeaderValue) -> bool {
    let (Ok(known), Ok(tag)) = (known.to_str(), tag.to_str()) else {
        return false;
    };
    known.split(',').map(str::trim).any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}
