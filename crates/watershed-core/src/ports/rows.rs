//! The port of the rows: typed tables, a checkpoint beside them, and both changed in one transaction.

use std::sync::Arc;

use super::{Later, Leases, RowJournal, RowMoments};
use crate::{Ask, Cursor, EventId, Key, Position, TableSpec, Tenant, Timestamp, Value, Version};

/// The tables of a group of read models, which share one checkpoint and one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSpec {
    /// The group's name: its only read model's, or the last one's.
    pub name: String,
    /// Which of the group's editions, where the store keeps several: each has tables and a checkpoint of its own.
    pub edition: u32,
    /// The number that changes when the fold or a table does. A store that holds another one is to be rebuilt.
    pub version: String,
    /// The tables: those of the read models, in the order in which they are folded, then those of their rollups.
    pub tables: Vec<TableSpec>,
    /// The places of the tables whose changes are written to a journal.
    pub journal: Vec<usize>,
}

/// The key of a row, with its tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Whose row it is.
    pub tenant: Tenant,
    /// Its key within the tenant.
    pub key: Key,
}

/// A row as a store holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRow {
    /// Its key.
    pub key: RowKey,
    /// The contents of the table's columns, in their order.
    pub values: Vec<Value>,
    /// The position of the last event that changed it.
    pub position: Position,
    /// How often it has changed since it was made.
    pub revision: u64,
    /// Whether readers see it.
    pub shown: bool,
}

/// One row's change: what it is now, or that it is gone.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChange {
    /// The row is now this.
    Put(StoredRow),
    /// The row is gone.
    Delete(RowKey),
}

/// How far a group has come, as its store keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The position up to which every event is in the rows (or waits behind a parked key).
    pub position: Position,
    /// The id of the event there.
    pub event_id: Option<EventId>,
    /// Its version in its stream.
    pub event_version: Version,
    /// When it was recorded.
    pub event_time: Option<Timestamp>,
    /// How many events have been folded since the tables were made.
    pub events_processed: u64,
    /// What the group is doing: `running`, `rebuilding`, `paused`, `stopped`, `error`.
    pub status: String,
    /// The last failure, in words.
    pub last_error: Option<String>,
    /// When the checkpoint was written.
    pub updated_at: Option<Timestamp>,
}

/// A key whose event failed to apply. Later events of the key wait behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedKey {
    /// The read model, as the place of its table in the group.
    pub table: usize,
    /// The key.
    pub key: RowKey,
    /// The position of the event that failed.
    pub position: Position,
    /// The positions of the events that wait, the failed one first.
    pub waiting: Vec<Position>,
    /// What went wrong, in words.
    pub error: String,
    /// Equal for failures of one cause.
    pub fingerprint: String,
    /// When it was parked.
    pub since: Timestamp,
    /// How often the event has been tried.
    pub attempts: u32,
}

/// Everything that one transaction changes.
#[derive(Debug, Clone, Default)]
pub struct RowsBatch {
    /// Rows, by the place of their table in the group.
    pub changes: Vec<(usize, Vec<RowChange>)>,
    /// Keys that are parked from now on, or whose parking has changed.
    pub park: Vec<ParkedKey>,
    /// Keys that are parked no more.
    pub unpark: Vec<(usize, RowKey)>,
    /// How far the group has come with this.
    pub checkpoint: Checkpoint,
    /// Made only where the group's checkpoint still stands at this position, and nothing of it otherwise
    /// ([`RowError::Moved`]): for whoever writes beside the group's own writer.
    pub only_at: Option<Position>,
}

/// Rows that were found, and as of when.
#[derive(Debug, Clone, Default)]
pub struct RowsFound {
    /// The rows.
    pub rows: Vec<StoredRow>,
    /// Where the next page starts: none where this is the last, or the question was for a key.
    pub next: Option<Cursor>,
    /// The position up to which the rows are folded: read in the same snapshot as they.
    pub position: Position,
    /// When the event there was recorded.
    pub event_time: Option<Timestamp>,
    /// How many keys of the table are parked; for a question by key, whether this one is (0 or 1).
    pub parked: u64,
}

/// Why a row store failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RowError {
    /// The question names a column that the table does not have, or that may not be asked about.
    #[error("`{0}` is not a column that can be filtered or sorted by")]
    NoSuchColumn(String),
    /// The batch was made for another checkpoint: nothing of it was written.
    #[error("the rows have moved on, to position {0}")]
    Moved(Position),
    /// The cursor was made for another question.
    #[error("the cursor belongs to another question")]
    WrongCursor,
    /// Somebody else keeps the group by now: nothing was written.
    #[error("another process keeps these rows by now")]
    Fenced,
    /// The store takes no writes: its disk is full or failing.
    #[error("the store takes no writes: {0}")]
    ReadOnly(String),
    /// What the store holds is damaged, and no trying again will mend it. Says where, and what to do.
    #[error("{0}")]
    Damaged(String),
    /// The store failed; trying again may help.
    #[error("the store failed: {0}")]
    Store(String),
}

/// Keeps groups of tables.
pub trait RowStore: Send + Sync + 'static {
    /// Opens a group's tables, and makes them where they are not there. Tables of another version are kept aside
    /// until the first [`Loader`] of the group finishes; the checkpoint is then 0.
    fn open(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>>;
}

/// Keeps groups of tables in several editions, each as if the others were not there.
pub trait RowEditions: RowStore + RowSnapshots {
    /// Shows this edition to whoever looks for the group's tables with tools of their own, under the group's name alone.
    fn publish<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>>;

    /// Removes an edition with everything in it. One that is not there is none to remove.
    ///
    /// # Errors
    /// Where somebody has it open: it stays as it is.
    fn remove<'a>(&'a self, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>>;

    /// Who keeps which rows, where several processes share them. None where nobody else can have them open.
    fn leases(&self) -> Option<&dyn Leases> {
        None
    }
}

/// Keeps whole editions as they stood, to be carried elsewhere and gone on from.
pub trait RowSnapshots: Send + Sync + 'static {
    /// Saves an edition's tables under that name, as of one moment, with a note that is given back with them. What bears the name
    /// already is replaced, in one step.
    ///
    /// # Errors
    /// Where there is no such edition, or the store fails: what bears the name stays.
    fn save<'a>(
        &'a self,
        group: &'a str,
        edition: u32,
        name: &'a str,
        note: &'a str,
    ) -> Later<'a, Result<(), RowError>>;

    /// The note of what was saved under that name, where there is such.
    fn note<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>>;

    /// Makes an edition of what was saved under that name. What was saved stays as it is.
    ///
    /// # Errors
    /// Where the edition is there already, or nothing was saved under that name: nothing is changed.
    fn restore<'a>(&'a self, name: &'a str, group: &'a str, edition: u32) -> Later<'a, Result<(), RowError>>;
}

/// Keeps rows in the log's own database: rows that commit with the events, and views that are a `SELECT` over such rows.
pub trait RowsBesideLog: Send + Sync + 'static {
    /// Opens the tables of an inline group. They are written through the group until the log folds them itself
    /// ([`super::EventLog::set_inline`]); from then on only read.
    ///
    /// # Errors
    /// Where a table would bear a name that the log needs for itself, or the store fails.
    fn open_inline(&self, group: GroupSpec) -> Later<'_, Result<Arc<dyn RowGroup>, RowError>>;

    /// A view whose rows are those of `sql`, which names the table's columns and `tenant`.
    ///
    /// # Errors
    /// Where the statement is not one `SELECT`, or does not give the columns.
    fn open_sql_view(
        &self,
        table: TableSpec,
        sql: &'static str,
    ) -> Later<'_, Result<Arc<dyn RowReader>, RowError>>;
}

/// One group's tables, checkpoint and parked keys.
pub trait RowGroup: RowReader + RowWriter + RowMoments + RowJournal {
    /// How far the group has come.
    fn checkpoint(&self) -> Later<'_, Result<Checkpoint, RowError>>;

    /// The parked keys, the longest parked first.
    fn parked(&self) -> Later<'_, Result<Vec<ParkedKey>, RowError>>;

    /// A loader that fills new tables beside these, and puts them in their place when it is finished.
    fn loader(&self) -> Later<'_, Result<Box<dyn Loader>, RowError>>;

    /// Writes under this epoch from now on. Whoever writes under an earlier one is refused, whatever is under way there; and so is this
    /// handle once there is a later one ([`RowError::Fenced`]). Of no use where nobody else can have the rows open.
    fn fence(&self, epoch: u64) -> Later<'_, Result<(), RowError>> {
        let _ = epoch;
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Reads a group's rows.
pub trait RowReader: Send + Sync + 'static {
    /// Answers a question for one row or a page, for readers: shown rows only.
    fn ask<'a>(&'a self, tenant: &'a Tenant, ask: &'a Ask) -> Later<'a, Result<RowsFound, RowError>>;

    /// The rows with these keys, for folds: hidden ones too. The keys that have no row are left out.
    fn rows<'a>(&'a self, table: usize, keys: &'a [RowKey]) -> Later<'a, Result<Vec<StoredRow>, RowError>>;

    /// The rows of all tenants whose columns fulfil `filter`, for folds and reconciliation, in the order of (tenant, key),
    /// after that row; hidden ones too.
    fn scan<'a>(
        &'a self,
        table: usize,
        filter: &'a crate::Predicate,
        after: Option<&'a RowKey>,
        limit: usize,
    ) -> Later<'a, Result<Vec<StoredRow>, RowError>>;
}

/// Changes a group's rows.
pub trait RowWriter: Send + Sync + 'static {
    /// Makes all of the batch's changes, or none: rows, parked keys and checkpoint in one transaction.
    fn write<'a>(&'a self, batch: &'a RowsBatch) -> Later<'a, Result<(), RowError>>;
}

/// Fills new tables in bulk: no reader sees them before they are finished.
pub trait Loader: Send {
    /// Adds rows to a table; a key is added once.
    fn add<'a>(&'a mut self, table: usize, rows: Vec<StoredRow>) -> Later<'a, Result<(), RowError>>;

    /// Makes the indexes, writes the parked keys and the checkpoint, and puts the tables in place of the old ones, in one transaction.
    fn finish(
        self: Box<Self>,
        parked: Vec<ParkedKey>,
        checkpoint: Checkpoint,
    ) -> Later<'static, Result<(), RowError>>;
}

/// Reads rows inside a transaction that is under way.
pub trait RowsNow {
    /// The row with that key, as the transaction sees it.
    ///
    /// # Errors
    /// Where the store fails.
    fn row(&self, table: usize, key: &RowKey) -> Result<Option<StoredRow>, RowError>;
}
