/// Why a group cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Nothing helps but an operator.
    #[error("{0}")]
    Stop(String),
    /// Another process keeps the rows by now.
    #[error("another process keeps these rows by now")]
    Fenced,
    /// The context is being closed.
    #[error("closing")]
    Closing,
}
