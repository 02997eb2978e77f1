use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use watershed_core::ports::{Nodes, RowEditions, RowError, Seats};

use super::Tenure;

/// How often leases are renewed in a term.
const ROUNDS: u32 = 6;

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

/// This process among those that share the rows.
pub(crate) struct Member {
    context: &'static str,
    name: String,
    /// The name is one that an earlier process may have had.
    is_named: bool,
    is_guest: bool,
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
    pub(crate) fn join(rows: &Arc<dyn RowEditions>, joining: Joining) -> Option<Arc<Self>> {
        rows.leases()?;
        let member = Arc::new(Self {
            context: joining.context,
            is_named: joining.name.is_some(),
            name: joining.name.unwrap_or_else(own_name),
            is_guest: joining.as_guest,
            has_joined: AtomicBool::new(false),
            rows: rows.clone(),
            term: joining.term,
            seats: Mutex::default(),
            called: Notify::new(),
            rounds: Mutex::default(),
        });
        let rounds = tokio::spawn(keep(Arc::downgrade(&member)));
        *lock(&member.rounds) = Some(rounds);
        Some(member)
    }

    /// This process would take that seat from now on, until what is given is dropped; where it `follows` another one, only while it
    /// has that.
    pub(crate) fn seat(&self, seat: String, follows: Option<String>) -> Arc<Tenure> {
        let tenure = Tenure::new(self.context, follows);
        lock(&self.seats).insert(seat, Arc::downgrade(&tenure));
        self.called.notify_one();
        tenure
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

    /// Gives up everything: others need not wait for the end of a term.
    pub(crate) async fn leave(&self) {
        if let Some(rounds) = lock(&self.rounds).take() {
            rounds.abort();
        }
        self.tenures().values().for_each(|tenure| tenure.lose());
        if !self.has_joined.load(Ordering::Relaxed) {
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
        if !self.joins().await? {
            return Ok(());
        }
        let asked = Instant::now();
        leases.renew(&self.name, self.term).await?;
        let nodes = leases.nodes().await?;
        let tenures = self.tenures();
        let mine = self.extend(&nodes, &tenures, asked + self.term);
        let following: HashMap<&str, &str> = tenures
            .iter()
            .filter_map(|(seat, tenure)| Some((seat.as_str(), tenure.follows.as_deref()?)))
            .filter(|(_, leader)| tenures.contains_key(*leader))
            .collect();
        // What follows something goes with it, and is nobody's share.
        let mut led: Vec<&str> = mine.iter().copied().filter(|seat| !following.contains_key(*seat)).collect();
        // What another one follows is given away last.
        led.sort_by_key(|seat| !following.values().any(|leader| leader == seat));
        let share = share(&nodes, tenures.len() - following.len(), self.term);
        let kept: HashSet<&str> = led.iter().copied().take(share).collect();
        let has_gone = |seat: &&&str| match following.get(**seat) {
            Some(leader) => !kept.contains(leader),
            None => !kept.contains(**seat),
        };
        for seat in mine.iter().filter(has_gone) {
            if let Some(tenure) = tenures.get(*seat) {
                // What is under way there may still be written: whoever takes the seat fences it off.
                tenure.lose();
                leases.give_up(&self.name, Seats::One(seat)).await?;
            }
        }
        let taken: HashSet<&str> = nodes
            .leases
            .iter()
            .filter(|lease| !lease.left.is_zero())
            .map(|lease| lease.seat.as_str())
            .collect();
        free.retain(|seat, _| !taken.contains(seat.as_str()));
        let mut held = kept.len();
        for (seat, tenure) in tenures.iter().filter(|(seat, _)| !taken.contains(seat.as_str())) {
            if let Some(leader) = following.get(seat.as_str()) {
                if !kept.contains(leader) {
                    continue;
                }
            } else {
                // What nobody takes whose share it would be is not left alone.
                let since = *free.entry(seat.clone()).or_insert(asked);
                if held >= share && since.elapsed() < self.term / 2 {
                    continue;
                }
                held += 1;
            }
            let asked = Instant::now();
            if let Some(epoch) = leases.take(seat, &self.name, self.term).await? {
                tracing::info!(seat, node = self.name, epoch, "this process keeps these rows from now on");
                tenure.see(Some(&self.name));
                tenure.take(epoch, asked + self.term);
            }
        }
        Ok(())
    }

    /// Has what the store says that this process has be held for longer, and lets go of everything else. The seats that it has.
    fn extend<'a>(
        &self,
        nodes: &'a Nodes,
        tenures: &BTreeMap<String, Arc<Tenure>>,
        until: Instant,
    ) -> Vec<&'a str> {
        let is_mine =
            |lease: &&watershed_core::ports::Lease| lease.node == self.name && !lease.left.is_zero();
        let mine: Vec<_> = nodes.leases.iter().filter(is_mine).collect();
        self.see(nodes, tenures);
        for (seat, tenure) in tenures {
            match mine.iter().find(|lease| lease.seat == *seat) {
                Some(_) => tenure.extend(until),
                None => tenure.lose(),
            }
        }
        mine.into_iter().map(|lease| lease.seat.as_str()).filter(|seat| tenures.contains_key(*seat)).collect()
    }
}

impl Member {
    /// Whether this process is one of those that keep something, or becomes one now.
    async fn joins(&self) -> Result<bool, RowError> {
        let Some(leases) = self.rows.leases() else { return Ok(false) };
        if self.has_joined.load(Ordering::Relaxed) {
            return Ok(true);
        }
        if self.is_guest {
            let nodes = leases.nodes().await?;
            self.see(&nodes, &self.tenures());
            if nodes.nodes.iter().any(|node| node.heard < self.term) {
                return Ok(false);
            }
        } else if self.is_named {
            // What the process had that bore this name before is not taken for this one's.
            leases.give_up(&self.name, Seats::All).await?;
        }
        self.has_joined.store(true, Ordering::Relaxed);
        Ok(true)
    }

    /// Notes who has which seat.
    fn see(&self, nodes: &Nodes, tenures: &BTreeMap<String, Arc<Tenure>>) {
        for (seat, tenure) in tenures {
            let held = nodes.leases.iter().find(|lease| lease.seat == *seat && !lease.left.is_zero());
            tenure.see(held.map(|lease| lease.node.as_str()));
        }
    }
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
