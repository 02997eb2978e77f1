use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use watershed_core::ports::{LeaseTerms, Nodes, RowEditions, RowError, Seats};

use super::Tenure;

/// How often leases are renewed in a term.
const ROUNDS: u32 = 6;
/// For so many terms nobody else takes what a process has asked for.
const ASKS: u32 = 10;

/// This process among those that share the rows.
pub(crate) struct Member {
    name: String,
    rows: Arc<dyn RowEditions>,
    term: Duration,
    /// The seats that somebody here would take.
    seats: Mutex<BTreeMap<String, Weak<Tenure>>>,
    called: Notify,
    rounds: Mutex<Option<JoinHandle<()>>>,
}

impl Member {
    /// This process, where others may share the rows; none where nobody can.
    pub(crate) fn join(
        rows: &Arc<dyn RowEditions>,
        name: Option<String>,
        term: Duration,
    ) -> Option<Arc<Self>> {
        rows.leases()?;
        let member = Arc::new(Self {
            name: name.unwrap_or_else(own_name),
            rows: rows.clone(),
            term,
            seats: Mutex::default(),
            called: Notify::new(),
            rounds: Mutex::default(),
        });
        let rounds = tokio::spawn(keep(Arc::downgrade(&member)));
        *lock(&member.rounds) = Some(rounds);
        Some(member)
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

    /// Has this process get the seat, whoever has it: that one gives it up. Whether it has come to that in time.
    pub(crate) async fn insist_on(&self, tenure: &Tenure) -> bool {
        let Some(leases) = self.rows.leases() else { return true };
        let begun = Instant::now();
        while tenure.epoch().is_none() && begun.elapsed() < self.term * 3 {
            let (asked, asks) = (Instant::now(), Some(self.term * ASKS));
            match leases.take(tenure.seat(), &self.name, LeaseTerms { term: self.term, asks }).await {
                Ok(Some(epoch)) => tenure.take(epoch, asked + self.term),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "a lease could not be asked for"),
            }
            let _ = tokio::time::timeout(self.term / ROUNDS / 4, tenure.taken()).await;
        }
        tenure.epoch().is_some()
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
        let asked = Instant::now();
        leases.renew(&self.name, self.term).await?;
        let nodes = leases.nodes().await?;
        let tenures = self.tenures();
        let mine = self.extend(&nodes, &tenures, asked + self.term);
        let share = share(&nodes, tenures.len(), self.term);
        // What this process has asked for it keeps; what others have asked for it gives up, and then what is more than its share.
        let wanted = |seat: &str| {
            nodes.leases.iter().find(|lease| lease.seat == seat).and_then(|lease| lease.wanted.as_deref())
        };
        let mut kept = 0;
        for seat in &mine {
            let is_kept = match wanted(seat) {
                Some(node) => node == self.name,
                None => kept < share,
            };
            kept += usize::from(is_kept);
            if let Some(tenure) = tenures.get(*seat).filter(|_| !is_kept) {
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
        let mut held = kept;
        let is_free = |seat: &str| !taken.contains(seat) && wanted(seat).is_none_or(|node| node == self.name);
        for (seat, tenure) in tenures.iter().filter(|(seat, _)| is_free(seat)) {
            // What nobody takes whose share it would be is not left alone.
            let since = *free.entry(seat.clone()).or_insert(asked);
            if held >= share && since.elapsed() < self.term / 2 {
                continue;
            }
            let asked = Instant::now();
            if let Some(epoch) =
                leases.take(seat, &self.name, LeaseTerms { term: self.term, asks: None }).await?
            {
                tracing::info!(seat, node = self.name, epoch, "this process keeps these rows from now on");
                tenure.take(epoch, asked + self.term);
                held += 1;
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
        for (seat, tenure) in tenures {
            match mine.iter().find(|lease| lease.seat == *seat) {
                Some(_) => tenure.extend(until),
                None => tenure.lose(),
            }
        }
        mine.into_iter().map(|lease| lease.seat.as_str()).filter(|seat| tenures.contains_key(*seat)).collect()
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
