//! The running thing: command pipeline, feed, projectors, queries.
//!
//! A [`Context`] is built from a domain's write models, read models and queries, and started on [`Stores`]; what runs is a
//! [`Running`] context, a handle that is cheap to clone. Everything here knows the ports only, never a store.

mod command;
mod context;
mod editions;
mod feed;
mod import;
mod nodes;
mod projector;
mod query;
mod reconcile;
mod telemetry;

pub use command::{AnyRefusal, Request, SendError, StateAt};
pub use context::{
    Asking, BrokenContract, Catalogue, ChangeEntry, Changes, CheckpointView, CommandEntry, Context,
    ContractEntry, Disagreement, EditionStatus, Following, GroupCheckpoint, ImportEntry, LookAt, NodeStatus,
    NodesStatus, OperateError, PageAsk, ParkedEntry, Queries, QueryEntry, ReadModels, RecordError, Recording,
    RetriedCause, Rollups, Running, SeatStatus, Sending, StartError, Stores, Switched, TablesDifference,
    TablesReport, ViewEntry, ViewKind, ViewStatus, Writes,
};
pub use editions::{EditionState, FieldDifference, Flag, Mismatch, SnapshotNote, Verification};
pub use import::{
    ImportError, ImportRequest, ImportStatus, ImportSummary, Importing, LeftLine, LineStatus, LinesStatus,
    Looked,
};
pub use projector::{FieldDrift, Mended, RebuildProgress, Retried};
pub use query::{Again, Answer, AskError, FetchPlan, ListChange, ListChanges, OnStale, Terms};
pub use reconcile::{DriftEntry, DriftKind, EventRange, LastLook, Report, ViewDrift};

/// The longest id and idempotency key, in bytes.
pub const MAX_ID: usize = 512;
