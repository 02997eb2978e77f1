use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use watershed_core::ports::{Lease, LeaseTerms, Leases, Nodes, RowEditions, RowError, Seats};

use super::Tenure;

/// How often leases are renewed in a term.
const ROUNDS: u32 = 6;
/// For so many terms nobody else takes what a process has asked for.
const ASKS: u32 = 10;

/// How a process comes to those that share the rows.
#[derive(Debug, Clone)]
pub(crate) struct Joining {
    pub(crate) context: &'static str,
    /// Its name, where somebody has given it one.
    pub(crate) name: Option<String>,
    pub(crate) term: Duration,
    /// It keeps nothing as long as others are there that do.
    pub(crate) as_guest: bool,
}

/// Why a process cannot come to those that share the rows.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JoinError {
    /// One of that name is there.
    #[error("one of that name is there")]
    Twice(String),
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] RowError),
}

/// This process among those that share the rows.
pub(crate) struct Member {
    context: &'static str,
    name: String,
    /// Not yet, where it is a guest and others are there.
    has_joined: AtomicBool,
    rows: Arc<dyn RowEditions>,
    term: Duration,
    /// The seats that somebody here would take.
    seats: Mutex<BTreeMap<String, Weak<Tenure>>>,
    called: Notify,
    rounds: Mutex<Option<JoinHandle<()>>>,
}

impl Member {
    /// This process, where others may share the rows; none where nobody can.
    pub(crate) async fn join(
        rows: &Arc<dyn RowEditions>,
        joining: Joining,
    ) -> Result<Option<Arc<Self>>, JoinError> {
        let Some(leases) = rows.leases() else { return Ok(None) };
        if let Some(name) = &joining.name
            && is_there(leases, name, joining.term).await?
        {
            return Err(JoinError::Twice(name.clone()));
        }
        let member = Arc::new(Self {
            context: joining.context,
            name: joining.name.unwrap_or_else(own_name),
            has_joined: AtomicBool::new(!joining.as_guest),
            rows: rows.clone(),
            term: joining.term,
            seats: Mutex::default(),
            called: Notify::new(),
            rounds: Mutex::default(),
        });
        member.joins(leases).await?;
        let rounds = tokio::spawn(keep(Arc::downgrade(&member)));
        *lock(&member.rounds) = Some(rounds);
        Ok(Some(member))
    }

    /// This process would take that seat from now on, until nobody here has what is given any more.
    pub(crate) fn seat(self: &Arc<Self>, seat: String) -> Arc<Tenure> {
        let mut seats = lock(&self.seats);
        if let Some(tenure) = seats.get(&seat).and_then(Weak::upgrade) {
            return tenure;
        }
        let tenure = Tenure::new(seat.clone(), Arc::downgrade(self));
        seats.insert(seat, Arc::downgrade(&tenure));
        self.called.notify_one();
        tenure
    }

    /// Has this process get the seat, whoever has it: that one gives it up. Whether it has come to that in time; a guest takes nothing
    /// from others.
    pub(crate) async fn insist_on(&self, tenure: &Tenure) -> Result<bool, RowError> {
        let Some(leases) = self.rows.leases() else { return Ok(true) };
        if !self.joins(leases).await? {
            return Ok(false);
        }
        let begun = Instant::now();
        let mut outcome = Ok(false);
        while tenure.epoch().is_none() && begun.elapsed() < self.term * 3 {
            let (asked, asks) = (Instant::now(), Some(self.term * ASKS));
            let taken = leases.take(tenure.seat(), &self.name, LeaseTerms { term: self.term, asks }).await;
            outcome = taken.map(|epoch| {
                if let Some(epoch) = epoch {
                    tenure.see(Some(&self.name));
                    tenure.take(epoch, asked + self.term);
                }
                false
            });
            let _ = tokio::time::timeout(self.term / ROUNDS / 4, tenure.taken()).await;
        }
        if tenure.epoch().is_some() { Ok(true) } else { outcome }
    }

    /// Whether this process is one of those that keep something, or becomes one now.
    async fn joins(&self, leases: &dyn Leases) -> Result<bool, RowError> {
        if self.has_joined.load(Ordering::Relaxed) {
            return Ok(true);
        }
        let nodes = leases.nodes().await?;
        for (seat, tenure) in self.tenures() {
            tenure.see(holder(&nodes, &seat).map(|lease| lease.node.as_str()));
        }
        if nodes.nodes.iter().any(|node| node.heard < self.term) {
            return Ok(false);
        }
        self.has_joined.store(true, Ordering::Relaxed);
        Ok(true)
    }

    /// All processes and their leases.
    pub(crate) async fn nodes(&self) -> Result<Nodes, RowError> {
        match self.rows.leases() {
            Some(leases) => leases.nodes().await,
            None => Ok(Nodes::default()),
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it keeps nothing, because others are there that do.
    pub(crate) fn is_guest(&self) -> bool {
        !self.has_joined.load(Ordering::Relaxed)
    }

    pub(crate) fn context(&self) -> &'static str {
        self.context
    }

    /// Gives up everything: others need not wait for the end of a term.
    pub(crate) async fn leave(&self) {
        if let Some(rounds) = lock(&self.rounds).take() {
            rounds.abort();
        }
        self.tenures().values().for_each(|tenure| tenure.lose());
        if self.is_guest() {
            return;
        }
        if let Some(leases) = self.rows.leases()
            && let Err(error) = leases.give_up(&self.name, Seats::All).await
        {
            tracing::warn!(%error, "the leases of this process end by themselves: they could not be given up");
        }
    }

    fn tenures(&self) -> BTreeMap<String, Arc<Tenure>> {
        let mut seats = lock(&self.seats);
        seats.retain(|_, tenure| tenure.strong_count() > 0);
        seats.iter().filter_map(|(seat, tenure)| Some((seat.clone(), tenure.upgrade()?))).collect()
    }

    /// Renews what this process has, takes what is free, and gives up what is more than its share.
    async fn round(&self, free: &mut HashMap<String, Instant>) -> Result<(), RowError> {
        let Some(leases) = self.rows.leases() else { return Ok(()) };
        if !self.joins(leases).await? {
            return Ok(());
        }
        let asked = Instant::now();
        leases.renew(&self.name, self.term).await?;
        let nodes = leases.nodes().await?;
        let tenures = self.tenures();
        let mine = self.hear(&nodes, &tenures, asked + self.term);
        let share = share(&nodes, tenures.len(), self.term);
        // What this process has asked for it keeps; what others have asked for it gives up, and then what is more than its share.
        let mut kept = 0;
        for (seat, tenure) in &mine {
            let is_kept = match nodes.leases.iter().find(|lease| lease.seat == *seat).and_then(wanted) {
                Some(node) => node == self.name,
                None => kept < share,
            };
            kept += usize::from(is_kept);
            if !is_kept {
                // What is under way there may still be written: whoever takes the seat fences it off.
                tenure.lose();
                leases.give_up(&self.name, Seats::One(seat)).await?;
            }
        }
        // What nobody here folds any more is renewed no longer.
        for lease in nodes.leases.iter().filter(|lease| self.is_own(lease)) {
            if !tenures.contains_key(&lease.seat) {
                leases.give_up(&self.name, Seats::One(&lease.seat)).await?;
            }
        }
        let is_free = |seat: &str| match nodes.leases.iter().find(|lease| lease.seat == seat) {
            // One that this process has by its name alone is what it had before it was started again.
            Some(lease) if self.is_own(lease) => !mine.iter().any(|(mine, _)| *mine == seat),
            Some(lease) if !lease.left.is_zero() => false,
            Some(lease) => wanted(lease).is_none_or(|node| node == self.name || node == lease.node),
            None => true,
        };
        free.retain(|seat, _| is_free(seat));
        let mut held = kept;
        for (seat, tenure) in tenures.iter().filter(|(seat, _)| is_free(seat)) {
            // What nobody takes whose share it would be is not left alone.
            let since = *free.entry(seat.clone()).or_insert(asked);
            let is_for_others = held >= share && since.elapsed() < self.term / 2;
            if is_for_others || tenure.epoch().is_some() {
                continue;
            }
            let asked = Instant::now();
            if let Some(epoch) =
                leases.take(seat, &self.name, LeaseTerms { term: self.term, asks: None }).await?
            {
                tracing::info!(seat, node = self.name, epoch, "this process keeps these rows from now on");
                tenure.see(Some(&self.name));
                tenure.take(epoch, asked + self.term);
                held += 1;
            }
        }
        Ok(())
    }

    fn is_own(&self, lease: &Lease) -> bool {
        lease.node == self.name && !lease.left.is_zero()
    }

    /// Has what the store says that this process has be held for longer, and lets go of everything else. What it has.
    fn hear<'a>(
        &self,
        nodes: &Nodes,
        tenures: &'a BTreeMap<String, Arc<Tenure>>,
        until: Instant,
    ) -> Vec<(&'a str, &'a Tenure)> {
        let mut mine = Vec::new();
        for (seat, tenure) in tenures {
            let lease = holder(nodes, seat);
            tenure.see(lease.map(|lease| lease.node.as_str()));
            let own = lease.filter(|lease| self.is_own(lease));
            if let (Some(lease), Some(epoch)) = (own, tenure.epoch())
                && lease.epoch > epoch
            {
                let node = &self.name;
                tracing::error!(
                    seat,
                    "another process is called `{node}` as well, and takes what this one has: give each a name of its own \
                     (`--node`)"
                );
            }
            if tenure.hear(own, until) {
                tenure.see(Some(&self.name));
                mine.push((seat.as_str(), &**tenure));
            }
        }
        mine
    }
}

/// Who has a seat at present.
fn holder<'a>(nodes: &'a Nodes, seat: &str) -> Option<&'a Lease> {
    nodes.leases.iter().find(|lease| lease.seat == seat && !lease.left.is_zero())
}

fn wanted(lease: &Lease) -> Option<&str> {
    lease.wanted.as_deref()
}

/// Whether a process of that name is heard of again while it is waited for.
async fn is_there(leases: &dyn Leases, name: &str, term: Duration) -> Result<bool, RowError> {
    let heard = |nodes: &Nodes| nodes.nodes.iter().find(|node| node.name == name).map(|node| node.heard);
    if heard(&leases.nodes().await?).is_none_or(|heard| heard >= term) {
        return Ok(false);
    }
    let pause = term / ROUNDS * 2;
    tokio::time::sleep(pause).await;
    Ok(heard(&leases.nodes().await?).is_some_and(|heard| heard < pause))
}

/// How many seats are one process's share. Who has not been heard of for a term has lost what it had.
fn share(nodes: &Nodes, seats: usize, term: Duration) -> usize {
    let alive = nodes.nodes.iter().filter(|node| node.heard < term).count();
    seats.div_ceil(alive.max(1))
}

async fn keep(member: Weak<Member>) {
    let mut free = HashMap::new();
    loop {
        let Some(present) = member.upgrade() else { return };
        if let Err(error) = present.round(&mut free).await {
            tracing::warn!(%error, "the leases of this process could not be renewed");
        }
        let pause = present.term / ROUNDS;
        let _ = tokio::time::timeout(pause, present.called.notified()).await;
        drop(present);
    }
}

/// A name that no other process has.
fn own_name() -> String {
    let host = std::env::var("HOSTNAME").ok().filter(|name| !name.is_empty());
    let host = host.or_else(|| std::fs::read_to_string("/etc/hostname").ok());
    let host = host.as_deref().map(str::trim).filter(|name| !name.is_empty()).unwrap_or("node");
    let chance = uuid::Uuid::new_v4().simple().to_string();
    format!("{host}-{}-{}", std::process::id(), &chance[..6])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
