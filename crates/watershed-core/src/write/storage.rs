use serde::Serialize;
use serde::de::DeserializeOwned;

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

/// How an aggregate's state is kept between commands.
#[derive(Debug)]
pub struct Storage<A> {
    snapshots: Option<SnapshotCodec<A>>,
}

impl<A> Storage<A> {
    /// From its events alone: for streams of up to some thousand events.
    #[must_use]
    pub fn events() -> Self {
        Self { snapshots: None }
    }

    /// The snapshots, where there are to be any.
    pub fn snapshot_codec(&self) -> Option<&SnapshotCodec<A>> {
        self.snapshots.as_ref()
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
        }
    }
}
