use serde::{Deserialize, Serialize};
use watershed_core::Principal;
use watershed_runtime::{EditionStatus, Flag, Verification};

use super::{Done, read};
use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::request::Parameters;
use crate::route::Step;

#[derive(Serialize)]
struct Editions {
    editions: Vec<EditionStatus>,
}

/// The editions of one view's group, or of all.
pub(crate) fn list(
    hosted: &Hosted,
    principal: &Principal,
    mut parameters: Parameters,
) -> Result<Reply, Problem> {
    let view = parameters.take("view")?;
    parameters.finish()?;
    Ok(json(&Editions { editions: hosted.running.editions(principal, view.as_deref())? }))
}

#[derive(Serialize)]
struct Verified {
    verification: Option<Verification>,
}

/// How the last verification went, or goes.
pub(crate) fn verification(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    Ok(json(&Verified { verification: hosted.running.verification(principal, view)? }))
}

/// Which edition is meant, where there are several, and how fast it may be filled.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    edition: Option<u32>,
    rate: Option<u64>,
}

/// Takes a step with an edition. Filling and verifying only begin: the editions and the verification tell how they go.
pub(crate) async fn step(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    step: Step,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Which { edition, rate } = read(body)?;
    let running = &hosted.running;
    let switched = match step {
        Step::Backfill => running.backfill(principal, view, edition, rate).await?,
        Step::Cutover => running.cutover(principal, view, edition).await?,
        Step::Rollback => running.rollback(principal, view, edition).await?,
        Step::Retire => running.retire(principal, view, edition).await?,
        Step::Verify => {
            running.begin_verification(principal, view, edition).await?;
            return Ok(json(&Done { view, done: "verification started" }));
        }
    };
    Ok(json(&switched))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Flagged {
    flag: Flag,
}

/// Puts a view's group in use, or out of it.
pub(crate) async fn flag(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Flagged { flag } = read(body)?;
    hosted.running.set_flag(principal, view, flag).await?;
    Ok(json(&Done { view, done: flag.name() }))
}

/// The name of a snapshot: a file's, in the data folder's `snapshots`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    name: String,
}

/// Saves the rows that serve.
pub(crate) async fn save(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Named { name } = read(body)?;
    Ok(json(&hosted.running.save(principal, view, &name).await?))
}

/// Makes an edition of saved rows.
pub(crate) async fn restore(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Named { name } = read(body)?;
    Ok(json(&hosted.running.restore(principal, view, &name).await?))
}
