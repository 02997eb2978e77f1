use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use tokio::sync::watch;
use watershed_core::ports::{Lease, RowError};

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
    /// Who has the seat, as it was last seen.
    keeper: Mutex<Option<String>>,
}

impl Tenure {
    pub(super) fn new(seat: String, member: Weak<Member>) -> Arc<Self> {
        Arc::new(Self { seat, member, held: watch::Sender::new(None), keeper: Mutex::default() })
    }

    pub(crate) fn seat(&self) -> &str {
        &self.seat
    }

    /// The epoch of the lease, as long as this process has it.
    pub(crate) fn epoch(&self) -> Option<u64> {
        self.held.borrow().filter(|held| held.lasts()).map(|held| held.epoch)
    }

    /// The context whose rows it is about.
    pub(crate) fn context(&self) -> &'static str {
        self.member.upgrade().map_or("", |member| member.context())
    }

    /// The node that has the seat, as it was last seen.
    pub(crate) fn keeper(&self) -> Option<String> {
        self.keeper.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The same, where it is another one than this process.
    pub(crate) fn other_keeper(&self) -> Option<String> {
        let member = self.member.upgrade();
        self.keeper().filter(|keeper| member.is_none_or(|member| member.name() != keeper))
    }

    /// Whether it is of a guest among others.
    pub(crate) fn is_guests(&self) -> bool {
        self.member.upgrade().is_some_and(|member| member.is_guest())
    }

    pub(super) fn see(&self, keeper: Option<&str>) {
        *self.keeper.lock().unwrap_or_else(PoisonError::into_inner) = keeper.map(str::to_owned);
    }

    /// Has this process get the lease, whoever has it. Whether it has come to that in time.
    pub(crate) async fn insist(&self) -> Result<bool, RowError> {
        match self.member.upgrade() {
            _ if self.epoch().is_some() => Ok(true),
            Some(member) => member.insist_on(self).await,
            None => Ok(false),
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
        self.held.send_if_modified(|held| {
            let is_later = held.is_none_or(|held| held.epoch < epoch);
            if is_later {
                *held = Some(Held { epoch, until });
            }
            is_later
        });
    }

    /// What the store said of the seat, where it was asked so that a lease of this process is held `until` then. Whether this process has
    /// the seat.
    pub(super) fn hear(&self, lease: Option<&Lease>, until: Instant) -> bool {
        let mut has = false;
        self.held.send_if_modified(|held| {
            let Some(now) = held else { return false };
            let is_newer = now.until > until;
            // One of that name may have taken it again, which is then another process.
            has = is_newer || lease.is_some_and(|lease| lease.epoch == now.epoch);
            match has {
                true => now.until = now.until.max(until),
                false => *held = None,
            }
            !has
        });
        has
    }

    /// Somebody else has the seat, or it is given up.
    pub(crate) fn lose(&self) {
        self.held.send_if_modified(|held| held.take().is_some());
    }
}
