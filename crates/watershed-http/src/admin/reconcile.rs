use serde::{Deserialize, Serialize};
use watershed_core::{Principal, Tenant};
use watershed_runtime::{ContractEntry, LookAt, ViewDrift};

use super::read;
use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::request::Parameters;

#[derive(Serialize)]
struct Contracts {
    contracts: Vec<ContractEntry>,
}

/// What every view promises, and what of it is broken.
pub(crate) async fn contracts(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    Ok(json(&Contracts { contracts: hosted.running.contracts(principal).await? }))
}

#[derive(Serialize)]
struct Drift {
    drift: Vec<ViewDrift>,
}

/// What is known of rows that are not what they should be, of one view or of all.
pub(crate) fn drift(
    hosted: &Hosted,
    principal: &Principal,
    mut parameters: Parameters,
) -> Result<Reply, Problem> {
    let view = parameters.take("view")?;
    parameters.finish()?;
    Ok(json(&Drift { drift: hosted.running.drift(principal, view.as_deref())? }))
}

/// How much is to be looked at: about so many rows, or everything.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct How {
    sample: Option<u64>,
}

/// Holds the rows of a view's group against the log; answers when that is done.
pub(crate) async fn reconcile(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let How { sample } = read(body)?;
    let what = sample.map_or(LookAt::Everything, LookAt::Sample);
    Ok(json(&hosted.running.reconcile(principal, view, what).await?))
}

/// One row, or everything that is known to be wrong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    #[serde(default)]
    tenant: Tenant,
    key: Option<String>,
}

/// Puts rows right.
pub(crate) async fn repair(
    hosted: &Hosted,
    principal: &Principal,
    view: &str,
    body: &[u8],
) -> Result<Reply, Problem> {
    let Which { tenant, key } = read(body)?;
    let mended = match key {
        Some(key) => hosted.running.rebuild_key(principal, view, &tenant, &key).await?,
        None => hosted.running.repair(principal, view).await?,
    };
    Ok(json(&mended))
}
