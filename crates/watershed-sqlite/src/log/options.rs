use std::time::Duration;

/// How the log works. The defaults are for a machine with memory to spare; none of them changes what is promised.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// How long a group waits for as many appends as the last one had. A lone caller never waits.
    pub gather: Duration,
    /// At most so many appends share a commit.
    pub group: usize,
    /// So many index entries are merged into the index at once.
    pub merge: usize,
    /// Entries that are fewer are merged once the log has been quiet for this long.
    pub merge_after: Duration,
    /// Appends wait when so many entries wait to be merged, so that memory is bounded.
    pub unmerged: usize,
    /// So many of the newest events are kept in memory for readers that follow the log.
    pub recent_events: usize,
    /// At most so many bytes of them.
    pub recent_bytes: usize,
    /// The memory that filters over the index may take, in bytes: a list in the log takes ten bits of it. Where they would
    /// take more, those of the oldest events are done without, and looking for a new key reads a page for each of these.
    pub filters: usize,
    /// The versions of so many streams are kept in memory.
    pub heads: usize,
    /// The size that the write-ahead log is given at once, in bytes: a file that grows makes every commit slower.
    pub wal: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            gather: Duration::from_micros(100),
            group: 1_024,
            merge: 100_000,
            merge_after: Duration::from_secs(1),
            unmerged: 1_000_000,
            recent_events: 16_384,
            recent_bytes: 32 << 20,
            filters: 64 << 20,
            heads: 200_000,
            wal: 16 << 20,
        }
    }
}
