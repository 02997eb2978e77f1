/// Why a group cannot go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    /// Nothing helps but an operator.
    #[error("{0}")]
    Stop(String),
    /// The context is being closed.
    #[error("closing")]
    Closing,
}
