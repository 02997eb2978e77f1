use serde::Serialize;
use serde_json::value::RawValue;
use watershed_core::Principal;
use watershed_runtime::ViewStatus;

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
    checkpoints: Vec<Box<RawValue>>,
}

/// The checkpoints alone.
pub(crate) async fn checkpoints(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    let views = hosted.running.views(principal).await?;
    let checkpoints = views.iter().map(|view| serde_json::value::to_raw_value(&view.checkpoint));
    // invariant: a checkpoint is texts and numbers, which can always be written as JSON.
    let checkpoints = checkpoints.filter_map(Result::ok).collect();
    Ok(json(&Checkpoints { checkpoints }))
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
