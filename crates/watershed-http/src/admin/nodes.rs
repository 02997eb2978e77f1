use watershed_core::Principal;

use crate::hosted::Hosted;
use crate::problem::Problem;
use crate::reply::{Reply, json};
use crate::request::Parameters;

/// The processes that share the rows, and which of them keeps which.
pub(crate) async fn list(
    hosted: &Hosted,
    principal: &Principal,
    parameters: Parameters,
) -> Result<Reply, Problem> {
    parameters.finish()?;
    Ok(json(&hosted.running.nodes_status(principal).await?))
}
