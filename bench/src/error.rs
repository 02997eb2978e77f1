/// Why a number could not be measured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum Problem {
    /// A raw store failed.
    #[error("SQLite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// PostgreSQL failed.
    #[error("PostgreSQL: {0}")]
    Postgres(#[from] tokio_postgres::Error),
    /// The file system, a thread or a socket failed.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The product failed, or said no.
    #[error("{0}")]
    Product(String),
    /// Something that should run has stopped.
    #[error("{0} has stopped")]
    Stopped(&'static str),
    /// Something has panicked.
    #[error("{0} has panicked")]
    Panicked(&'static str),
    /// What came out is not what went in: a number about it would say nothing.
    #[error("the measurement is not valid: {0}")]
    Wrong(String),
}

impl Problem {
    /// The product's own error, in its words.
    pub(crate) fn product(error: impl std::fmt::Display) -> Self {
        Self::Product(error.to_string())
    }
}
