//! A bounded context: built from a domain's models, started on stores, and used through a handle.

mod builder;
mod catalogue;
mod contracts;
mod following;
mod lists;
mod nodes;
mod operate;
mod queries;
mod reconcile;
mod recording;
mod running;
mod start;
mod tables;
mod typed;
mod versions;
mod views;
mod writes;

pub use builder::{Context, StartError, Stores};
pub use catalogue::{Catalogue, CommandEntry, ImportEntry, QueryEntry, ViewEntry, ViewKind};
pub use contracts::{BrokenContract, ContractEntry};
pub use following::{ChangeEntry, Changes, Following};
pub use lists::{Queries, ReadModels, Rollups};
pub use nodes::{NodeStatus, NodesStatus, SeatStatus};
pub use operate::{CheckpointView, GroupCheckpoint, OperateError, ParkedEntry, RetriedCause, ViewStatus};
pub use reconcile::LookAt;
pub use recording::{RecordError, Recording};
pub(crate) use running::outcome;
pub use running::{PageAsk, Running};
pub use tables::{Disagreement, TablesDifference, TablesReport};
pub use typed::{Asking, Sending};
pub use versions::{EditionStatus, Switched};
pub use writes::Writes;
