//! What operators see of the processes that share the rows.

use std::collections::BTreeMap;

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

/// The editions of one version of a group.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SeatStatus {
    /// Its name: the group's views with their versions.
    pub seat: String,
    /// The group; none where this process's program does not have this version of it.
    pub group: Option<String>,
    /// The numbers of the editions, where this process's program has the version.
    pub editions: Vec<u32>,
    /// Who keeps it; none where nobody does.
    pub node: Option<String>,
    /// Who kept it last, where nobody does.
    pub last: Option<String>,
    /// Who has asked for it not long ago: nobody else takes it.
    pub wanted: Option<String>,
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
        Ok(NodesStatus::of(this, found, self.seats()))
    }

    /// The seats that this process would take.
    fn seats(&self) -> BTreeMap<String, SeatStatus> {
        let mut seats: BTreeMap<String, SeatStatus> = BTreeMap::new();
        for group in &self.0.groups {
            for edition in group.editions() {
                let seat = seats.entry(edition.definition.seat()).or_default();
                seat.group = Some(group.name().to_owned());
                seat.editions.push(edition.number);
                seat.editions.sort_unstable();
            }
        }
        seats
    }
}

impl NodesStatus {
    fn of(this: String, found: Nodes, mut seats: BTreeMap<String, SeatStatus>) -> Self {
        for lease in found.leases {
            // What nobody keeps and nobody here would is of a version that is over.
            if seats.contains_key(&lease.seat) || !lease.left.is_zero() {
                seats.entry(lease.seat.clone()).or_default().is_leased(lease);
            }
        }
        let seats: Vec<SeatStatus> =
            seats.into_iter().map(|(name, status)| SeatStatus { seat: name, ..status }).collect();
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
    fn is_leased(&mut self, lease: Lease) {
        let is_kept = !lease.left.is_zero();
        (self.node, self.last) = if is_kept { (Some(lease.node), None) } else { (None, Some(lease.node)) };
        (self.wanted, self.epoch, self.left_ms) = (lease.wanted, lease.epoch, millis(lease.left));
    }
}
