use super::{Later, RowError};

/// Keeps what operators have decided: small documents by name, beside the log and as durable as it.
pub trait Ledger: Send + Sync + 'static {
    /// The document of that name, where there is one.
    fn read<'a>(&'a self, name: &'a str) -> Later<'a, Result<Option<String>, RowError>>;

    /// Puts a document in place of `before`, whole or not at all: on disk when it is answered. `before` is what was read, none where there
    /// was no document of that name. Whether it is there now: nothing is written where somebody else has written meanwhile.
    fn write<'a>(
        &'a self,
        name: &'a str,
        before: Option<&'a str>,
        document: &'a str,
    ) -> Later<'a, Result<bool, RowError>>;
}
