//! What PostgreSQL says, in words.

use std::error::Error as _;

use tokio_postgres::Error;
use watershed_core::ports::LogError;

/// The error with what is behind it: by itself the driver says only that there is one.
pub(crate) fn in_words(error: &Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}

/// A failure to read the log.
pub(crate) fn store_error(error: &Error) -> LogError {
    LogError::Store(in_words(error))
}
