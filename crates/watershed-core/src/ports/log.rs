//! The port of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Later, LogScan, RowsBatch, RowsNow, Save, SaveRule};
use crate::{
    Boundary, EventId, Fingerprint, LogIdentity, Position, StoredEvent, StreamId, Tag, Tenant, Timestamp,
    Version,
};

/// An event that is to be recorded.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// Its frozen name.
    pub name: &'static str,
    /// The number of its shape.
    pub schema: u32,
    /// Its data, a JSON object.
    pub payload: Box<[u8]>,
    /// Its tags.
    pub tags: Vec<Tag>,
}

/// What the stream's version must be for an append to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever it is.
    Any,
    /// This one; 0 for a stream without events.
    Version(Version),
}

/// Nothing that the boundary matches may stand after the position.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What must not have come.
    pub boundary: Boundary,
    /// Since when.
    pub after: Position,
}

/// What makes a command that is sent twice take effect once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The caller's key, unique within the tenant.
    pub key: Arc<str>,
    /// What the command says.
    pub fingerprint: Fingerprint,
}

/// Ties appends together that were decided one upon the other while they were on their way. Once one of them is refused, those
/// behind it are too ([`AppendError::Conflict`]), whatever version their stream is at: somebody else may have brought it there.
#[derive(Debug, Clone, Default)]
pub struct Line(Arc<AtomicBool>);

impl Line {
    /// One of the appends was refused.
    pub fn break_off(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether one of the appends was refused.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Whether this is that line.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// Events that are to be recorded together or not at all, in one stream.
///
/// An append without events records nothing: it is answered when everything before it is durable, and checked like any
/// other. So a refusal that rests on what is not durable yet can wait for it.
#[derive(Debug, Clone)]
pub struct Append {
    /// Whose they are.
    pub tenant: Tenant,
    /// What they happened to.
    pub stream: StreamId,
    /// What the stream's version must be.
    pub expected: Expected,
    /// What must not have come in between: each of them holds, or the append is refused.
    pub conditions: Vec<Condition>,
    /// What the append was decided upon, where that may still be on its way.
    pub line: Option<Line>,
    /// What is saved of the aggregate's state in tables of its own, where it stands in such.
    pub save: Option<Save>,
    /// The caller's idempotency key.
    pub idempotency: Option<Idempotency>,
    /// The caller has looked for the idempotency key up to this position, and has not found it: the log looks at what came
    /// after. For tags that may be used once it looks from the beginning.
    pub looked_until: Position,
    /// The events.
    pub events: Vec<NewEvent>,
    /// When they are recorded.
    pub recorded_at: Timestamp,
    /// Who caused them.
    pub actor: Option<Arc<str>>,
    /// What they belong to.
    pub correlation: Option<Arc<str>>,
    /// What caused them.
    pub causation: Option<Arc<str>>,
    /// The W3C trace context.
    pub traceparent: Option<Arc<str>>,
}

impl Append {
    /// Records the events in the stream, whatever has come before: what an append is to rest on, and what it is to say besides, stands
    /// in its fields.
    #[must_use]
    pub fn new(tenant: Tenant, stream: StreamId, events: Vec<NewEvent>, recorded_at: Timestamp) -> Self {
        Self {
            tenant,
            stream,
            expected: Expected::Any,
            conditions: Vec::new(),
            save: None,
            line: None,
            idempotency: None,
            looked_until: 0,
            events,
            recorded_at,
            actor: None,
            correlation: None,
            causation: None,
            traceparent: None,
        }
    }
}

/// Where an append's events stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// The position of the last of them; for an append without events, of the log's last event.
    pub position: Position,
    /// The stream's version after them.
    pub version: Version,
}

/// Why an append was not taken. Nothing of it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The stream is at another version.
    #[error("the stream is at version {actual}, not {expected}")]
    Conflict {
        /// What was expected.
        expected: Version,
        /// What it is.
        actual: Version,
    },
    /// Something that a condition's boundary matches came in between.
    #[error("event {position} came in between")]
    BoundaryMoved {
        /// Where it stands.
        position: Position,
    },
    /// Another event bears a tag that may be used once.
    #[error("`{tag}` has been used, by event {position}")]
    TagTaken {
        /// The tag.
        tag: Tag,
        /// Where the other event stands.
        position: Position,
    },
    /// Another append bears the idempotency key.
    #[error("the idempotency key has been used, by event {position}")]
    KeyTaken {
        /// Where its first event stands.
        position: Position,
    },
    /// The row that the state stands in is at another version, or has come or gone: somebody else has changed it.
    #[error("the row of the state is at version {actual:?}, not {expected:?}")]
    StateMoved {
        /// What was expected; `None` for no row.
        expected: Option<u64>,
        /// What it is.
        actual: Option<u64>,
    },
    /// The database refuses what was to be saved, by a rule of its own.
    #[error("the database refuses the state: {problem}")]
    SaveRefused {
        /// The kind of rule.
        rule: SaveRule,
        /// Which one, in the database's words.
        problem: String,
    },
    /// The state could not be saved: the tables are not what they were, or this store has none.
    #[error("the state could not be saved: {0}")]
    SaveFailed(String),
    /// An inline read model could not take the events.
    #[error("the read model `{model}` could not take the event: {problem}")]
    InlineRefused {
        /// The read model.
        model: String,
        /// Why.
        problem: String,
    },
    /// What the append depends on cannot be read: it is not taken.
    #[error("what the append depends on cannot be read: {0}")]
    Unreadable(LogError),
    /// The store takes no writes: its disk is full or failing. Nothing acknowledged is lost.
    #[error("the log takes no writes: {0}")]
    ReadOnly(String),
    /// The log has been closed.
    #[error("the log is closed")]
    Closed,
}

/// Why a log could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// An event's stored bytes are not what was written.
    #[error("event {position} is damaged: {problem}. Stop, copy the folder, and run `watershed log verify`")]
    Damaged {
        /// Where it stands.
        position: Position,
        /// What does not fit.
        problem: String,
    },
    /// An event is missing where there must be one.
    #[error(
        "the log has a hole: after {after} comes {found}. Stop, copy the folder, and run `watershed log verify`"
    )]
    Hole {
        /// The last position read.
        after: Position,
        /// The position that came instead of the next.
        found: Position,
    },
    /// What holds the events is damaged, and which of them it concerns is not known.
    #[error("the log is damaged: {0}. Stop, copy the folder, and run `watershed log verify`")]
    Unreadable(String),
    /// The store failed; trying again may help.
    #[error("the store failed: {0}")]
    Store(String),
}

impl LogError {
    /// Whether the log is not what was written: trying again does not help, and somebody has to look at it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged { .. } | Self::Hole { .. } | Self::Unreadable(_) => true,
            Self::Store(_) => false,
        }
    }
}

/// The ordered, gapless, append-only sequence of the recorded events of one context.
pub trait EventLog: LogReader + LogIndex + Snapshots + Send + Sync + 'static {
    /// Which log it is.
    fn identity(&self) -> LogIdentity;

    /// Whether other processes append to it as well. What is known here of a stream may then be old: a refusal is confirmed
    /// by an append without events before it is told.
    fn is_shared(&self) -> bool {
        false
    }

    /// Records events, durably: when this answers, they are there after a crash. Appends are taken in the order of the calls.
    fn append(&self, append: Append) -> Later<'_, Result<Appended, AppendError>>;

    /// Has these folds run in every append's own transaction, from now on.
    fn set_inline(&self, folds: Vec<Box<dyn InlineFold>>);
}

/// A fold whose rows commit with the events.
pub trait InlineFold: Send {
    /// The read model's name.
    fn name(&self) -> &str;

    /// Folds the events of one append over the rows that `rows` reads, and says which change.
    ///
    /// # Errors
    /// Why the events cannot be taken: their append is then refused.
    fn fold(&mut self, events: &[Arc<StoredEvent>], rows: &dyn RowsNow) -> Result<RowsBatch, String>;
}

/// Which events to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of the log, by position.
    Log,
    /// One stream's, by version; positions then count as versions do: `after` is a version.
    Stream {
        /// Whose.
        tenant: Tenant,
        /// Which.
        stream: StreamId,
    },
    /// Those within a boundary, by position.
    Boundary {
        /// Whose.
        tenant: Tenant,
        /// Which.
        boundary: Boundary,
    },
}

/// Where to start, and how much to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFrom {
    /// Which events.
    pub scope: Scope,
    /// After this position; for a stream, after this version.
    pub after: u64,
    /// At most so many.
    pub limit: usize,
}

/// Events that were read, and how far the log had come.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// The events, in order.
    pub events: Vec<Arc<StoredEvent>>,
    /// Whether there are no more within the scope, up to `head`.
    pub complete: bool,
    /// The log's last durable position when they were read.
    pub head: Position,
}

/// Reads the log.
pub trait LogReader: Send + Sync + 'static {
    /// The log's last durable position.
    fn head(&self) -> Position;

    /// Answers once the log has come past `position`, with its last durable position.
    fn wait_past(&self, position: Position) -> Later<'_, Position>;

    /// Reads events. Every one is checked against its checksum.
    fn read(&self, from: ReadFrom) -> Later<'_, Result<Events, LogError>>;

    /// The fast way through the log, where the store has one.
    fn scanner(&self) -> Option<&dyn LogScan> {
        None
    }
}

/// What is known of an append by its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// What the command said.
    pub fingerprint: Fingerprint,
    /// Its stream.
    pub stream: StreamId,
    /// The stream's version after it.
    pub version: Version,
    /// The position of its last event.
    pub position: Position,
    /// The names of its events.
    pub events: Vec<Arc<str>>,
}

/// Finds events by what they bear. Knows everything durable up to the moment of the call.
pub trait LogIndex: Send + Sync + 'static {
    /// What was appended with this idempotency key. A key that is on its way to the log, but not durable yet, is not found.
    fn find_key<'a>(
        &'a self,
        tenant: &'a Tenant,
        key: &'a str,
    ) -> Later<'a, Result<Option<KeyRecord>, LogError>>;

    /// The position of the first event that bears this tag.
    fn find_tag<'a>(
        &'a self,
        tenant: &'a Tenant,
        tag: &'a Tag,
    ) -> Later<'a, Result<Option<Position>, LogError>>;

    /// The stream's version: 0 where it has no events.
    fn stream_version<'a>(
        &'a self,
        tenant: &'a Tenant,
        stream: &'a StreamId,
    ) -> Later<'a, Result<Version, LogError>>;
}

/// An aggregate's state at a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The stream's version that it stands for.
    pub version: Version,
    /// The number of the state's meaning.
    pub meaning: u32,
    /// The state.
    pub state: Vec<u8>,
}

/// Keeps snapshots. They may be lost at any time: the events are the truth.
pub trait Snapshots: Send + Sync + 'static {
    /// The newest snapshot of the stream; none where it cannot be read whole.
    fn load_snapshot<'a>(&'a self, tenant: &'a Tenant, stream: &'a StreamId) -> Later<'a, Option<Snapshot>>;

    /// Keeps a snapshot, in place of an older one. Does not wait, and may fail in silence.
    fn save_snapshot(&self, tenant: &Tenant, stream: &StreamId, snapshot: Snapshot);
}
