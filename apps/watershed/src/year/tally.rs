use std::collections::BTreeMap;
use std::time::Duration;

use watershed_cli::thousands;

/// How many surprises are told one by one.
const SHOWN: usize = 5;

/// What became of the commands that were sent.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// Commands that were answered.
    pub(super) commands: u64,
    /// Events that they led to.
    pub(super) events: u64,
    /// Sent again with the same key: answered with the stored receipt.
    pub(super) replayed: u64,
    /// Refused as they should be, by code.
    pub(super) refused: BTreeMap<String, u64>,
    /// Saves on an old version, stopped by `If-Match` and decided again.
    pub(super) conflicts: u64,
    /// Requests that had to be sent again because the server was busy or the connection broke.
    pub(super) retries: u64,
    /// What ended otherwise than it should, in words.
    pub(super) surprises: Vec<String>,
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
        self.surprises.extend(other.surprises);
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
    }

    /// Says what was done.
    pub(crate) fn print(&self, families: u32, lag: Duration) {
        let line = |count: u64, what: &str| println!("{:>9}  {what}", thousands(count));
        let (rate, connections) = (thousands(self.per_second()), self.connections);
        let seconds = self.took.as_secs_f64();
        println!("\nThe school year 2024/25 of {families} families, through the public API:\n");
        line(
            self.commands,
            &format!(
                "commands in {seconds:.1} s ({rate} a second over {connections} connections), each on disk when answered"
            ),
        );
        line(self.events, "events recorded");
        line(self.replayed, "sent twice with one Idempotency-Key: answered with the first receipt");
        line(
            self.conflicts,
            "saved on an old version: stopped by If-Match (412), then decided on the new one",
        );
        line(self.refused.values().sum(), "refused, as they should be:");
        for (code, count) in &self.refused {
            println!("{:>17}  {code}", thousands(*count));
        }
        if self.retries > 0 {
            line(self.retries, "sent again because the server was busy");
        }
        for surprise in self.surprises.iter().take(SHOWN) {
            println!("           unexpected: {surprise}");
        }
        if self.surprises.len() > SHOWN {
            println!("           unexpected: {} more", self.surprises.len() - SHOWN);
        }
        println!("\nThe views showed all of it {} ms after the last answer.", lag.as_millis());
    }

    fn per_second(&self) -> u64 {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        self.commands.saturating_mul(1_000_000) / micros
    }
}
