//! What a suite's fixtures are to its checks.

use watershed_core::ports::Later;

/// A fixture that opens a `T`, with the fixture's type put aside.
pub(super) trait Storage<T>: Send + Sync {
    /// Opens it on this storage. What was opened before must have been dropped.
    fn open(&self) -> Later<'_, T>;
}
