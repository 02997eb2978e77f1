use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde::Serialize;
use tokio::sync::mpsc;
use watershed_core::{Position, Principal};

use crate::api::{DEFAULT_EVENTS, EventDocument, MAX_EVENTS, documents};
use crate::audit::{Audit, Fact, Verified};
use crate::hosted::Hosted;
use crate::problem::{INTERNAL, NO_AUDIT, Problem};
use crate::reply::{Body, Reply, json};
use crate::request::Parameters;

#[derive(Serialize)]
struct Page<'a> {
    events: Vec<EventDocument<'a>>,
    /// Pass it as `after` to go on.
    next: Position,
    head: Position,
}

/// The events of the whole log, by position.
pub(crate) async fn events(
    hosted: &Hosted,
    principal: &Principal,
    mut parameters: Parameters,
) -> Result<Reply, Problem> {
    let after = parameters.take_number("after", 0..=u64::MAX)?.unwrap_or(0);
    let limit = parameters.take_number("limit", 1..=MAX_EVENTS)?.unwrap_or(DEFAULT_EVENTS);
    parameters.finish()?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let found = hosted.running.events(principal, after, limit).await?;
    let next = found.events.last().map_or(after, |event| event.position);
    Ok(json(&Page { events: documents(&found.events), next, head: found.head }))
}

#[derive(Serialize)]
struct Facts {
    log: String,
    epoch: u32,
    head: Position,
    store: Vec<Fact>,
}

/// Which log it is, how far it has come, and what its store says of itself.
pub(crate) async fn facts(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    let head = may_read(hosted, principal).await?;
    let identity = hosted.running.identity();
    Ok(json(&Facts {
        log: identity.id.to_string(),
        epoch: identity.epoch,
        head,
        store: hosted.audit.as_ref().map(|audit| audit.facts()).unwrap_or_default(),
    }))
}

/// What a verification found.
#[derive(Serialize)]
struct Finding {
    sound: bool,
    #[serde(flatten)]
    verified: Option<Verified>,
    problem: Option<String>,
}

/// How far a verification has come.
#[derive(Serialize)]
struct Progress {
    done: Position,
    total: Position,
}

/// Checks every event and link of the log. Whoever accepts `application/x-ndjson` is told how it comes on, line by line, and
/// gets what was found in the last one.
pub(crate) async fn verify(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
    parts: &Parts,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    may_read(hosted, principal).await?;
    let none = || Problem::new(&NO_AUDIT, "the store behind this context offers no verification of its log");
    let audit = hosted.audit.clone().ok_or_else(none)?;
    if accepts_lines(&parts.headers) {
        return Ok(verify_in_lines(audit));
    }
    let finding = tokio::task::spawn_blocking(move || find(&*audit, &mut |_, _| {})).await;
    finding.map(|finding| json(&finding)).map_err(|error| Problem::new(&INTERNAL, error.to_string()))
}

fn find(audit: &dyn Audit, progress: &mut dyn FnMut(Position, Position)) -> Finding {
    match audit.verify(progress) {
        Ok(verified) => Finding { sound: true, verified: Some(verified), problem: None },
        Err(problem) => Finding { sound: false, verified: None, problem: Some(problem) },
    }
}

fn accepts_lines(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes() == b"application/x-ndjson")
}

fn verify_in_lines(audit: Arc<dyn Audit>) -> Reply {
    let (lines, body) = mpsc::channel::<Bytes>(16);
    tokio::task::spawn_blocking(move || {
        // A line of progress that nobody has room for is left out; the last line is waited for.
        let finding = find(&*audit, &mut |done, total| {
            let _ = lines.try_send(line(&Progress { done, total }));
        });
        let _ = lines.blocking_send(line(&finding));
    });
    let mut reply = Reply::new(Body::stream(body));
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    reply
}

fn line(content: &impl Serialize) -> Bytes {
    // invariant: numbers and texts can always be written as JSON.
    let mut line = serde_json::to_vec(content).unwrap_or_default();
    line.push(b'\n');
    line.into()
}

/// Has the runtime ask the authorizer whether the caller may read the log; answers with its head.
async fn may_read(hosted: &Hosted, principal: &Principal) -> Result<Position, Problem> {
    let head = hosted.running.head();
    Ok(hosted.running.events(principal, head, 1).await.map(|found| found.head)?)
}
