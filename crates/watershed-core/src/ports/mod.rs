//! Where the runtime meets the world: the log, the rows, the clock.
//!
//! A port's functions answer with a [`Later`]: a boxed future, so that a store can be chosen when a program starts.
//! A store that has its answer at once pays one small allocation for that; nothing above a port carries a store in its type.

mod clock;
mod journal;
mod leases;
mod ledger;
mod log;
mod moment;
mod rows;
mod scan;
mod state;
mod triage;

pub use clock::{Clock, ManualClock, SystemClock};
pub use journal::{
    Changed, ChangedRow, JournalEnd, JournalEntry, JournalFrom, JournalMark, JournalMarkError, JournalPart,
    RowJournal, RowState,
};
pub use leases::{Lease, Leases, Node, Nodes, NodesSeen, Seats, Terms as LeaseTerms};
pub use ledger::Ledger;
pub use log::{
    Append, AppendError, Appended, Condition, EventLog, Events, Expected, Idempotency, InlineFold, KeyRecord,
    Line, LogError, LogIndex, LogReader, NewEvent, ReadFrom, Scope, Snapshot, Snapshots,
};
pub use moment::{RowMoment, RowMoments};
pub use rows::{
    Checkpoint, GroupSpec, Loader, ParkedKey, RowChange, RowEditions, RowError, RowGroup, RowKey, RowReader,
    RowSnapshots, RowStore, RowWriter, RowsBatch, RowsBesideLog, RowsFound, RowsNow, StoredRow,
};
pub use scan::{LogScan, LogVisitor, NameCache, RawEvent};
pub use state::{
    ChildChange, ChildWrite, LoadedRows, RootWrite, Save, SaveRule, SchemaStep, StateError, StateSchema,
    StateTables, WhoseRow,
};
pub use triage::{BadLine, KeptLine, KeptLines, Triage, WhichLines};

/// An answer that comes later.
pub type Later<'a, T> = std::pin::Pin<Box<dyn Future<Output = T> + Send + 'a>>;
