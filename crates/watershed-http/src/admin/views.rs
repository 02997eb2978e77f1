use serde::{Deserialize, Serialize};
use watershed_core::{Position, Principal, Tenant, Timestamp};
use watershed_runtime::{EventRange, GroupCheckpoint, ViewStatus};

use super::{Done, read};
use crate::hosted::Hosted;
use crate::problem::{MALFORMED_BODY, Problem};
use crate::reply::{Reply, json};
use crate::request::Parameters;

#[derive(Serialize)]
struct Statuses {
    views: Vec<ViewStatus>,
}

/// How every view stands.
pub(crate) async fn statuses(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    Ok(json(&Statuses { views: hosted.running.views(principal).await? }))
}

#[derive(Serialize)]
struct Checkpoints {
    checkpoints: Vec<GroupCheckpoint>,
}

/// The checkpoints alone: one for each group of views.
pub(crate) fn checkpoints(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    Ok(json(&Checkpoints { checkpoints: hosted.running.checkpoints(principal)? }))
}

/// The most entries of a journal that are shown at once.
const MAX_CHANGES: u64 = 1_000;

/// The journal of a view's group: which rows have changed, behind a number.
pub(crate) async fn changes(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    mut parameters: Parameters,
) -> Result<Reply, Problem> {
    let after = parameters.take_number("after", 0..=u64::MAX)?.unwrap_or(0);
    let limit = parameters.take_number("limit", 1..=MAX_CHANGES)?;
    parameters.finish()?;
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    Ok(json(&hosted.running.changes(principal, view, after, limit).await?))
}

/// Stops a view's projector after its present batch.
pub(crate) async fn pause(hosted: &Hosted, principal: &Principal, view: &str) -> Result<Reply, Problem> {
    hosted.running.pause(principal, view).await?;
    Ok(json(&Done { view, done: "paused" }))
}

/// Starts it again.
pub(crate) async fn resume(hosted: &Hosted, principal: &Principal, view: &str) -> Result<Reply, Problem> {
    hosted.running.resume(principal, view).await?;
    Ok(json(&Done { view, done: "resumed" }))
}

/// How many workers are to fold a view.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Workers {
    workers: u64,
}

#[derive(Serialize)]
struct Shared<'a> {
    view: &'a str,
    workers: u16,
}

/// Has so many workers fold a view from its next batch on.
pub(crate) async fn workers(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Workers { workers } = read(body)?;
    // More than there can ever be are refused as such.
    let workers = u16::try_from(workers).unwrap_or(u16::MAX);
    hosted.running.set_workers(principal, view, workers).await?;
    Ok(json(&Shared { view, workers }))
}

/// What of a view is to be built anew; everything, where nothing is said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    #[serde(default)]
    tenant: Tenant,
    key: Option<String>,
    from: Option<Position>,
    to: Option<Position>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Starts a rebuild from the log; the view's status tells how it goes. Of one key, or of the rows that a part of the log
/// concerns, it is done when this answers.
pub(crate) async fn rebuild(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Part { tenant, key, from, to, since, until } = read(body)?;
    let range = EventRange { from, to, since, until };
    match key {
        Some(_) if !range.is_everything() => Err(Problem::with_field(
            &MALFORMED_BODY,
            "key",
            "say one of the two: a key, or a part of the log",
        )),
        Some(key) => Ok(json(&hosted.running.rebuild_key(principal, view, &tenant, &key).await?)),
        None if !range.is_everything() => {
            Ok(json(&hosted.running.rebuild_range(principal, view, range).await?))
        }
        None => {
            hosted.running.rebuild(principal, view).await?;
            Ok(json(&Done { view, done: "rebuild started" }))
        }
    }
}
