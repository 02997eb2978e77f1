//! The port of leases: which of several processes keeps which rows.

use std::time::Duration;

use super::{Later, RowError};

/// Who has a seat: what one process at a time may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The seat's name.
    pub seat: String,
    /// Who has it, or had it last.
    pub node: String,
    /// How often the seat has been taken. Who took it earlier writes no more; see [`super::RowGroup::fence`].
    pub epoch: u64,
    /// How much longer it is held; nothing once it is free.
    pub left: Duration,
    /// Who has asked for it not long ago: whoever has it gives it up, and nobody else takes it.
    pub wanted: Option<String>,
}

/// A process that shares the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// How long ago it was heard of.
    pub heard: Duration,
}

/// The processes that share a store, and their leases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Nodes {
    /// Those that were heard of not long ago, by name.
    pub nodes: Vec<Node>,
    /// All leases, by seat: also those that are over.
    pub leases: Vec<Lease>,
}

/// Hands out leases to the processes that share a store. Time is the store's alone: no clock of a process counts.
pub trait Leases: NodesSeen {
    /// The node is there, and keeps what it has for another term. A lease whose term is over is kept as well, unless somebody else has
    /// taken it meanwhile.
    fn renew<'a>(&'a self, node: &'a str, term: Duration) -> Later<'a, Result<(), RowError>>;

    /// Takes the seat for a term, where it is free; answers with the lease's epoch, and with none where somebody else has it, or has
    /// asked for it.
    fn take<'a>(
        &'a self,
        seat: &'a str,
        node: &'a str,
        terms: Terms,
    ) -> Later<'a, Result<Option<u64>, RowError>>;

    /// The node has these seats no longer; a node that gives up everything is not there any more.
    fn give_up<'a>(&'a self, node: &'a str, seats: Seats<'a>) -> Later<'a, Result<(), RowError>>;
}

/// How a seat is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// For how long, unless it is renewed.
    pub term: Duration,
    /// Where somebody else has it: asks for it, for so long. It is then to be taken again, once that one has given it up.
    pub asks: Option<Duration>,
}

/// What is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seats<'a> {
    /// This seat.
    One(&'a str),
    /// All seats: the node leaves.
    All,
}

/// Tells who is there.
pub trait NodesSeen: Send + Sync + 'static {
    /// The processes, and their leases.
    fn nodes(&self) -> Later<'_, Result<Nodes, RowError>>;
}
