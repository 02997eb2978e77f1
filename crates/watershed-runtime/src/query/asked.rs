use std::sync::Arc;
use std::time::Duration;

use watershed_core::{Principal, Token};

/// What to do where the rows have not reached the token yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnStale {
    /// For one row, fold what is missing over it, without writing; otherwise wait, up to [`Terms::patience`]; then refuse.
    #[default]
    Best,
    /// Wait, up to [`Terms::patience`]; then refuse.
    Wait,
    /// Fold what is missing over the row, without writing; where that is not possible, refuse.
    Fold,
    /// Answer at once, marked as stale.
    Serve,
    /// Refuse at once.
    Refuse,
}

/// What a caller says beside the question itself.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Who asks.
    pub principal: Arc<Principal>,
    /// The answer must show at least what stood in the log up to there.
    pub token: Option<Token>,
    /// What to do where it cannot yet.
    pub on_stale: OnStale,
    /// The longest wait.
    pub patience: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            principal: Arc::default(),
            token: None,
            on_stale: OnStale::Best,
            patience: Duration::from_secs(2),
        }
    }
}
