//! The running thing: command pipeline, feed, projectors, queries.
//!
//! A [`Context`] is built from a domain's write models, read models and queries, and started on [`Stores`]; what runs is a
//! [`Running`] context, a handle that is cheap to clone. Everything here knows the ports only, never a store.

mod command;
mod context;
mod editions;
mod feed;
mod import;
mod projector;
mod query;
mod telemetry;

pub use command::{AnyRefusal, Request, SendError, StateAt};
pub use context::{
    Asking, Catalogue, CheckpointView, CommandEntry, Context, EditionStatus, GroupCheckpoint, ImportEntry,
    OperateError, PageAsk, ParkedEntry, Queries, QueryEntry, ReadModels, Rollups, Running, Sending,
    StartError, Stores, Switched, ViewEntry, ViewKind, ViewStatus,
};
pub use editions::{EditionState, FieldDifference, Flag, Mismatch, Verification};
pub use import::{
    ImportError, ImportRequest, ImportStatus, ImportSummary, Importing, LeftLine, LineStatus, LinesStatus,
    Looked,
};
pub use projector::{RebuildProgress, Retried};
pub use query::{Answer, AskError, FetchPlan, OnStale, Terms};

/// The longest id and idempotency key, in bytes.
pub const MAX_ID: usize = 512;
