use std::time::Duration;

use watershed_cli::thousands;

use crate::outcomes::{Outcomes, print_count, print_lag};

/// What became of the commands that were sent.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// Commands that were answered.
    pub(super) commands: u64,
    /// Events that they led to.
    pub(super) events: u64,
    /// Sent again with the same key: answered with the stored receipt.
    pub(super) replayed: u64,
    /// Saves on an old version, stopped by `If-Match` and decided again.
    pub(super) conflicts: u64,
    /// Requests that had to be sent again because the server was busy or the connection broke.
    pub(super) retries: u64,
    pub(super) outcomes: Outcomes,
    /// How long it took, and over how many connections.
    pub(super) took: Duration,
    pub(super) connections: usize,
}

impl Tally {
    /// Takes another sender's tally into this one.
    pub(super) fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.events += other.events;
        self.replayed += other.replayed;
        self.conflicts += other.conflicts;
        self.retries += other.retries;
        self.outcomes.add(other.outcomes);
    }

    /// Says what was done.
    pub(crate) fn print(&self, families: u32, lag: Duration) {
        let (rate, connections) = (thousands(self.per_second()), self.connections);
        let seconds = self.took.as_secs_f64();
        println!("\nThe school year 2024/25 of {families} families, through the public API:\n");
        print_count(
            self.commands,
            &format!(
                "commands in {seconds:.1} s ({rate} a second over {connections} connections), each on disk when answered"
            ),
        );
        print_count(self.events, "events recorded");
        print_count(self.replayed, "sent twice with one Idempotency-Key: answered with the first receipt");
        print_count(
            self.conflicts,
            "saved on an old version: stopped by If-Match (412), then decided on the new one",
        );
        self.outcomes.print_refused();
        if self.retries > 0 {
            print_count(self.retries, "sent again because the server was busy");
        }
        self.outcomes.print_surprises();
        print_lag(lag);
    }

    fn per_second(&self) -> u64 {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        self.commands.saturating_mul(1_000_000) / micros
    }
}
