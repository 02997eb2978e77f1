use serde::{Deserialize, Serialize};
use watershed_core::{Position, Principal, Tenant};
use watershed_runtime::{ParkedEntry, Retried};

use super::read;
use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::request::Parameters;

#[derive(Serialize)]
struct Parked {
    parked: Vec<ParkedEntry>,
}

/// The parked keys, of one view or of all.
pub(crate) async fn list(
    hosted: &Hosted,
    principal: &Principal,
    mut parameters: Parameters,
) -> Result<Reply, Problem> {
    let view = parameters.take("view")?;
    parameters.finish()?;
    Ok(json(&Parked { parked: hosted.running.parked(principal, view.as_deref()).await? }))
}

/// Which parked key is meant.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    view: String,
    #[serde(default)]
    tenant: Tenant,
    key: String,
}

/// Which parked key is meant, and the event that it is parked at.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skipped {
    view: String,
    #[serde(default)]
    tenant: Tenant,
    key: String,
    position: Position,
}

/// What became of the key.
#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
enum Outcome {
    /// Everything that waited has been applied.
    Released { events: usize },
    /// It failed again, on this event.
    StillParked { position: Position, error: String },
    /// Something that this version has no word for.
    Other,
}

impl From<Retried> for Outcome {
    fn from(retried: Retried) -> Self {
        match retried {
            Retried::Released { events } => Self::Released { events },
            Retried::StillParked { position, error } => Self::StillParked { position, error },
            _ => Self::Other,
        }
    }
}

/// Tries a parked key's events again.
pub(crate) async fn retry(hosted: &Hosted, principal: &Principal, body: &[u8]) -> Result<Reply, Problem> {
    let Which { view, tenant, key } = read(body)?;
    let outcome = hosted.running.retry_parked(principal, &view, &tenant, &key).await?;
    Ok(json(&Outcome::from(outcome)))
}

/// Passes over the event that a key is parked at, and tries those behind it.
pub(crate) async fn skip(hosted: &Hosted, principal: &Principal, body: &[u8]) -> Result<Reply, Problem> {
    let Skipped { view, tenant, key, position } = read(body)?;
    let outcome = hosted.running.skip_parked(principal, &view, &tenant, &key, position).await?;
    Ok(json(&Outcome::from(outcome)))
}
