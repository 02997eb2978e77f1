//! What a command of an aggregate rests on beside the aggregate's own state.

use watershed_core::ports::{Condition, ReadFrom, Scope};
use watershed_core::{Aggregate, Cx, Needed, Premises, Tenant};

use super::write_core::WriteCore;
use super::{LoadError, SendError};

const LOAD_CHUNK: usize = 4_096;

/// The premises of one command as they stand, and under which conditions they still do.
#[derive(Default)]
pub(super) struct Standing {
    needed: Vec<Needed>,
    pub(super) conditions: Vec<Condition>,
}

impl Standing {
    /// The context of the decision, with the premises.
    pub(super) fn tell(&mut self, cx: Cx) -> Cx {
        cx.resting_on(std::mem::take(&mut self.needed))
    }
}

/// Folds what the command rests on, as far as it is durable.
pub(super) async fn stand<A: Aggregate>(
    core: &WriteCore,
    tenant: &Tenant,
    command: &A::Command,
) -> Result<Standing, SendError<A::Refusal>> {
    let mut named = Premises::default();
    A::premises(command, &mut named);
    let mut needed = named.settle().map_err(SendError::WrongPremise)?;
    let mut conditions = Vec::with_capacity(needed.len());
    for premise in &mut needed {
        conditions.push(fold(core, tenant, premise).await?);
    }
    Ok(Standing { needed, conditions })
}

async fn fold(core: &WriteCore, tenant: &Tenant, premise: &mut Needed) -> Result<Condition, LoadError> {
    let boundary = premise.boundary().clone();
    let mut after = 0;
    loop {
        let scope = Scope::Boundary { tenant: tenant.clone(), boundary: boundary.clone() };
        let read = core.log.read(ReadFrom { scope, after, limit: LOAD_CHUNK }).await?;
        for stored in &read.events {
            premise.evolve(stored)?;
            after = stored.position;
        }
        if read.complete {
            return Ok(Condition { boundary, after: read.head });
        }
    }
}
