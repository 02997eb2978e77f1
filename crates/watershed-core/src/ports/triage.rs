use super::{Later, RowError};
use crate::{Tenant, Timestamp};

/// A line that an import could not take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadLine {
    /// Whose line it is.
    pub tenant: Tenant,
    /// The import.
    pub import: String,
    /// What it came in: a file's name, where somebody said one.
    pub source: Option<String>,
    /// Its number there, from 1.
    pub line: u64,
    /// What it says, byte for byte; of a line that is too long, its beginning.
    pub content: Vec<u8>,
    /// How many bytes it has in all.
    pub bytes: u64,
    /// Why it was not taken: a stable code.
    pub code: String,
    /// Why it was not taken, in words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A line that is kept until somebody has seen to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptLine {
    /// Its number among all that were ever kept.
    pub number: u64,
    /// How often it has come.
    pub times: u64,
    /// When it came for the first time.
    pub since: Timestamp,
    /// The line, as it came last.
    pub line: BadLine,
}

/// Which lines are asked for: those of one import, by their numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhichLines {
    /// The import.
    pub import: String,
    /// Those after this number.
    pub after: u64,
    /// At most so many; 0 for their count alone.
    pub limit: u32,
    /// At most so many bytes of each one's content.
    pub content: u32,
}

/// The lines that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptLines {
    /// The lines, by their numbers.
    pub lines: Vec<KeptLine>,
    /// How many the import has in all.
    pub total: u64,
}

/// Keeps the lines that imports could not take, as durably as the log, until somebody has seen to them.
pub trait Triage: Send + Sync + 'static {
    /// Keeps these lines: on disk when it is answered. A line of the same tenant and import with the same content is kept
    /// once: it is counted, and says what its latest coming says. Answers with the number of each.
    fn keep(&self, lines: Vec<BadLine>) -> Later<'_, Result<Vec<u64>, RowError>>;

    /// The lines that are kept.
    fn list(&self, which: WhichLines) -> Later<'_, Result<KeptLines, RowError>>;

    /// Lets a line go. Whether it was there.
    fn release<'a>(&'a self, import: &'a str, number: u64) -> Later<'a, Result<bool, RowError>>;
}
