use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tokio::sync::watch;

/// A lease that this process has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    epoch: u64,
    /// Reckoned from before it was asked for: the store's term ends later.
    until: Instant,
}

impl Held {
    fn lasts(self) -> bool {
        Instant::now() < self.until
    }
}

/// One seat, as this process sees it.
pub(crate) struct Tenure {
    context: &'static str,
    /// Another seat that this process has to have first: editions of one group are kept by one process.
    pub(super) follows: Option<String>,
    held: watch::Sender<Option<Held>>,
    /// Who has the seat, as it was last seen.
    keeper: Mutex<Option<String>>,
}

impl Tenure {
    pub(super) fn new(context: &'static str, follows: Option<String>) -> Arc<Self> {
        Arc::new(Self { context, follows, held: watch::Sender::new(None), keeper: Mutex::default() })
    }

    /// The context that the seat is of.
    pub(crate) fn context(&self) -> &'static str {
        self.context
    }

    /// The node that has the seat, as it was last seen.
    pub(crate) fn keeper(&self) -> Option<String> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn see(&self, keeper: Option<&str>) {
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = keeper.map(str::to_owned);
    }

    /// The epoch of the lease, as long as this process has it.
    pub(crate) fn epoch(&self) -> Option<u64> {
        self.held.borrow().filter(|held| held.lasts()).map(|held| held.epoch)
    }

    /// Answers once this process has the lease.
    pub(crate) async fn taken(&self) {
        // invariant: the sender is ours
        let _ = self.held.subscribe().wait_for(|held| held.is_some_and(Held::lasts)).await;
    }

    pub(super) fn take(&self, epoch: u64, until: Instant) {
        self.held.send_replace(Some(Held { epoch, until }));
    }

    /// The lease is held for longer.
    pub(super) fn extend(&self, until: Instant) {
        self.held.send_if_modified(|held| {
            if let Some(held) = held {
                held.until = until;
            }
            false
        });
    }

    /// Somebody else has the seat, or it is given up.
    pub(crate) fn lose(&self) {
        if self.held.send_if_modified(|held| held.take().is_some()) {
            self.see(None);
        }
    }
}
