use serde::Serialize;
use serde::de::DeserializeOwned;

use super::tables::{StateRows, Tables, TablesSpec};
use crate::ColumnError;

/// How a snapshot is written and read.
#[derive(Debug)]
pub struct SnapshotCodec<A> {
    /// Take one after this many events of a stream.
    pub every: u64,
    /// Raised by whoever changes what `evolve` makes of old events: older snapshots are then passed over.
    pub version: u32,
    /// The state as JSON.
    pub encode: fn(&A) -> Result<Vec<u8>, serde_json::Error>,
    /// The state that a JSON text holds.
    pub decode: fn(&[u8]) -> Result<A, serde_json::Error>,
}

/// How a state stands in tables.
#[derive(Debug)]
pub struct TablesCodec<A> {
    /// The tables.
    pub spec: fn() -> TablesSpec,
    /// The state as rows.
    pub encode: fn(&A) -> Result<StateRows, ColumnError>,
    /// The state that the rows are.
    pub decode: fn(StateRows) -> Result<A, ColumnError>,
}

/// How an aggregate's state is kept between commands.
#[derive(Debug)]
pub struct Storage<A> {
    snapshots: Option<SnapshotCodec<A>>,
    tables: Option<TablesCodec<A>>,
}

impl<A> Storage<A> {
    /// From its events alone: for streams of up to some thousand events.
    #[must_use]
    pub fn events() -> Self {
        Self { snapshots: None, tables: None }
    }

    /// The snapshots, where there are to be any.
    pub fn snapshot_codec(&self) -> Option<&SnapshotCodec<A>> {
        self.snapshots.as_ref()
    }

    /// The tables, where it stands in such.
    pub fn tables_codec(&self) -> Option<&TablesCodec<A>> {
        self.tables.as_ref()
    }

    /// The number of the state's meaning. Raise it when `evolve` makes something else of the same events.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        if let Some(codec) = &mut self.snapshots {
            codec.version = version;
        }
        self
    }
}

impl<A: Serialize + DeserializeOwned> Storage<A> {
    /// From a snapshot and the events since. One is taken after every `every` events of a stream, off the command's
    /// way; one that cannot be read, or is of another version, is passed over and the events are folded instead.
    #[must_use]
    pub fn snapshots(every: u64) -> Self {
        Self {
            snapshots: Some(SnapshotCodec {
                every: every.max(1),
                version: 1,
                encode: |state| serde_json::to_vec(state),
                decode: |bytes| serde_json::from_slice(bytes),
            }),
            tables: None,
        }
    }
}

impl<A: Tables> Storage<A> {
    /// In tables of your own, in the log's database: loaded from there, and saved in the transaction that records the events,
    /// provided that the root's row is still at the version that was loaded. Also tables that were there before, with rows that
    /// no event has told of: [`Tables`] says which column is what.
    #[must_use]
    pub fn tables() -> Self {
        let tables = TablesCodec { spec: A::spec, encode: A::to_rows, decode: A::from_rows };
        Self { snapshots: None, tables: Some(tables) }
    }
}
