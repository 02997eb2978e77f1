use http::request::Parts;
use serde::Serialize;
use watershed_core::{StreamId, Timestamp, Version};
use watershed_runtime::{AskError, StateAt};

use super::rows::check_key;
use super::{EventDocument, documents};
use crate::hosted::Hosted;
use crate::problem::{MALFORMED_PARAMETER, NO_SUCH_STREAM, Problem};
use crate::reply::{Reply, json};
use crate::request::{Parameters, principal_of};

/// How many events an answer holds at most, and where nobody says.
pub(crate) const MAX_EVENTS: u64 = 1_000;
pub(crate) const DEFAULT_EVENTS: u64 = 100;

#[derive(Serialize)]
struct Trail<'a> {
    stream: String,
    events: Vec<EventDocument<'a>>,
    /// Pass it as `after` for the events that follow; none where these are the last.
    next: Option<Version>,
}

#[derive(Serialize)]
struct State {
    stream: String,
    version: Version,
    state: Option<serde_json::Value>,
}

/// `GET /api/{context}/streams/{category}/{id}`: the events, or with `at` the state then.
pub(crate) async fn stream(
    hosted: &Hosted,
    (category, id): (&str, &str),
    parts: &Parts,
) -> Result<Reply, Problem> {
    check_key(id)?;
    let stream = StreamId::new(category, id);
    let mut parameters = Parameters::of(parts.uri.query())?;
    if let Some(at) = parameters.take("at")? {
        parameters.finish()?;
        return state(hosted, stream, state_at(&at)?, parts).await;
    }
    let after = parameters.take_number("after", 0..=u64::MAX)?.unwrap_or(0);
    let limit = parameters.take_number("limit", 1..=MAX_EVENTS)?.unwrap_or(DEFAULT_EVENTS);
    parameters.finish()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = hosted.running.stream(&principal_of(parts), &stream, after, limit).await?;
    let last = found.events.last().map(|event| event.version);
    if last.is_none() && after == 0 {
        return Err(no_such(&stream));
    }
    Ok(json(&Trail {
        stream: stream.to_string(),
        events: documents(&found.events),
        next: last.filter(|_| !found.complete),
    }))
}

async fn state(hosted: &Hosted, stream: StreamId, at: StateAt, parts: &Parts) -> Result<Reply, Problem> {
    let (version, state) = match hosted.running.state_json(&principal_of(parts), &stream, at).await {
        Ok(found) => found,
        Err(AskError::UnknownView(_)) => return Err(no_such(&stream)),
        Err(error) => return Err(error.into()),
    };
    if version == 0 {
        return Err(no_such(&stream));
    }
    Ok(json(&State { stream: stream.to_string(), version, state }))
}

/// A version, or a time.
fn state_at(text: &str) -> Result<StateAt, Problem> {
    if let Ok(version) = text.parse() {
        return Ok(StateAt::Version(version));
    }
    let time: Result<Timestamp, _> = text.parse();
    time.map(StateAt::Time).map_err(|_| {
        let wanted = "must be a version (3) or a time (2024-09-01T08:30:00Z)";
        Problem::with_field(&MALFORMED_PARAMETER, "at", wanted)
    })
}

fn no_such(stream: &StreamId) -> Problem {
    let detail = format!("the stream `{stream}` has no events, or had none then");
    Problem::new(&NO_SUCH_STREAM, detail)
}
