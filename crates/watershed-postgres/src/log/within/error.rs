use std::time::Duration;

use tokio_postgres::error::SqlState;
use watershed_core::ports::AppendError;

use crate::error::ServerError;

/// Why an append was not taken within a transaction of a user's own. The transaction is then as it was before the append, and may go
/// on, unless the server or the connection says otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WithinError {
    /// The log does not take it, as it would not outside of the transaction.
    #[error(transparent)]
    Refused(#[from] AppendError),
    /// The transaction sees the log as it was when it began, and not as it is when its turn has come.
    #[error(
        "the transaction is {0}, in which nothing can be appended: what others have committed meanwhile cannot be seen. Begin it \
         with READ COMMITTED"
    )]
    Isolation(String),
    /// The transaction is read-only, or the server a standby.
    #[error("the transaction is read-only. Begin one that writes, on the primary")]
    ReadOnly,
    /// The transaction is on another database than the log.
    #[error("{0}. Begin the transaction on the log's own database")]
    OtherDatabase(String),
    /// Others have held the log's end for too long.
    #[error("the log's end was held by others for {0:?}: roll back, and try again")]
    Busy(Duration),
    /// What the server says, or a connection that is gone.
    #[error("PostgreSQL: {0}")]
    Server(#[from] ServerError),
}

impl WithinError {
    /// Whether the same transaction, begun anew, may be taken: others were in the way.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused(error) => {
                matches!(error, AppendError::Conflict { .. } | AppendError::BoundaryMoved { .. })
            }
            Self::Busy(_) => true,
            Self::Server(error) => error.code() == Some(&SqlState::T_R_DEADLOCK_DETECTED),
            Self::Isolation(_) | Self::ReadOnly | Self::OtherDatabase(_) => false,
        }
    }
}

impl From<tokio_postgres::Error> for WithinError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Server(error.into())
    }
}
