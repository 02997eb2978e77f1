use serde::Serialize;
use watershed_core::Principal;
use watershed_runtime::{GroupCheckpoint, ViewStatus};

use crate::hosted::Hosted;
use crate::problem::Problem;
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

#[derive(Serialize)]
struct Done<'a> {
    view: &'a str,
    done: &'static str,
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

/// Starts a rebuild from the log; the view's status tells how it goes.
pub(crate) async fn rebuild(hosted: &Hosted, principal: &Principal, view: &str) -> Result<Reply, Problem> {
    hosted.running.rebuild(principal, view).await?;
    Ok(json(&Done { view, done: "rebuild started" }))
}
