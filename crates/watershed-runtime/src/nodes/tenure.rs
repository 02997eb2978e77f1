use std::sync::{Arc, Weak};
use std::time::Instant;

use tokio::sync::watch;

use super::Member;

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
    seat: String,
    member: Weak<Member>,
    held: watch::Sender<Option<Held>>,
}

impl Tenure {
    pub(super) fn new(seat: String, member: Weak<Member>) -> Arc<Self> {
        Arc::new(Self { seat, member, held: watch::Sender::new(None) })
    }

    pub(crate) fn seat(&self) -> &str {
        &self.seat
    }

    /// The epoch of the lease, as long as this process has it.
    pub(crate) fn epoch(&self) -> Option<u64> {
        self.held.borrow().filter(|held| held.lasts()).map(|held| held.epoch)
    }

    /// Has this process get the lease, whoever has it. Whether it has come to that in time.
    pub(crate) async fn insist(&self) -> bool {
        match self.member.upgrade() {
            Some(member) => self.epoch().is_some() || member.insist_on(self).await,
            None => false,
        }
    }

    /// Answers once this process has the lease.
    pub(crate) async fn taken(&self) {
        // invariant: the sender is ours
        let _ = self.held.subscribe().wait_for(|held| held.is_some_and(Held::lasts)).await;
    }

    /// Answers once this process has the lease no longer.
    pub(crate) async fn lost(&self) {
        let mut held = self.held.subscribe();
        loop {
            let Some(until) = held.borrow_and_update().filter(|held| held.lasts()).map(|held| held.until)
            else {
                return;
            };
            // It may have been renewed by then.
            let _ = tokio::time::timeout_at(until.into(), held.changed()).await;
        }
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
        self.held.send_if_modified(|held| held.take().is_some());
    }
}
