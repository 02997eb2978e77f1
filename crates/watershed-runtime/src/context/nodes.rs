//! What operators see of the processes that share the rows.

use serde::Serialize;
use watershed_core::Principal;
use watershed_core::ports::{Lease, Nodes};

use super::operate::{OperateError, millis};
use super::running::Running;

/// The processes that share a context's rows, and which of them keeps which.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NodesStatus {
    /// Whether other processes can have the rows open at all.
    pub shared: bool,
    /// This process's name, where it can be one of several.
    pub this: Option<String>,
    /// Those that were heard of not long ago, by name.
    pub nodes: Vec<NodeStatus>,
    /// What is kept by one process at a time, by name.
    pub seats: Vec<SeatStatus>,
}

/// A process that shares the rows.
#[derive(Debug, Clone, Serialize)]
pub struct NodeStatus {
    /// Its name.
    pub name: String,
    /// How long ago it was heard of, in milliseconds.
    pub heard_ms: u64,
    /// How many seats it keeps.
    pub seats: usize,
    /// Whether it is the one that answers.
    pub this: bool,
}

/// The rows of a group's edition.
#[derive(Debug, Clone, Serialize)]
pub struct SeatStatus {
    /// The group.
    pub group: String,
    /// The edition; none where the name says none.
    pub edition: Option<u32>,
    /// Who keeps it; none where nobody does.
    pub node: Option<String>,
    /// Who kept it last, where nobody does.
    pub last: Option<String>,
    /// How often it has been taken. Who took it earlier writes no more.
    pub epoch: u64,
    /// How much longer it is kept unless that is said again, in milliseconds.
    pub left_ms: u64,
}

impl Running {
    /// The processes that share the context's rows, and which of them keeps which, for operators.
    ///
    /// # Errors
    /// Where the caller may not know, or the store cannot be asked.
    pub async fn nodes_status(&self, principal: &Principal) -> Result<NodesStatus, OperateError> {
        self.operate(principal, "read-nodes")?;
        let Some((this, found)) = self.nodes().await? else { return Ok(NodesStatus::default()) };
        Ok(NodesStatus::of(this, found))
    }
}

impl NodesStatus {
    fn of(this: String, found: Nodes) -> Self {
        let seats: Vec<SeatStatus> = found.leases.into_iter().map(SeatStatus::of).collect();
        let nodes = found.nodes.into_iter().map(|node| NodeStatus {
            heard_ms: millis(node.heard),
            seats: seats.iter().filter(|seat| seat.node.as_ref() == Some(&node.name)).count(),
            this: node.name == this,
            name: node.name,
        });
        Self { shared: true, nodes: nodes.collect(), this: Some(this), seats }
    }
}

impl SeatStatus {
    fn of(lease: Lease) -> Self {
        let (group, edition) = match lease.seat.rsplit_once('/') {
            Some((group, number)) => (group.to_owned(), number.parse().ok()),
            None => (lease.seat, None),
        };
        let is_kept = !lease.left.is_zero();
        let (node, last) = if is_kept { (Some(lease.node), None) } else { (None, Some(lease.node)) };
        Self { group, edition, node, last, epoch: lease.epoch, left_ms: millis(lease.left) }
    }
}
