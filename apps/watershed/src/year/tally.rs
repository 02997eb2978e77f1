use std::collections::BTreeMap;
use std::time::Duration;

/// What became of the commands that were sent.
#[derive(Debug, Default, Clone)]
pub(super) struct Tally {
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
    pub(super) fn print(&self, families: u32, lag: Duration) {
        let seconds = self.took.as_secs_f64().max(0.001);
        println!(
            "\nThe school year 2024/25 of {families} families, sent to the public API over {} connections:",
            self.connections
        );
        println!(
            "  {:>7}  commands in {seconds:.1} s, {:.0} a second, each on disk before it was answered",
            self.commands,
            self.rate()
        );
        println!("  {:>7}  events recorded", self.events);
        println!(
            "  {:>7}  sent twice with one Idempotency-Key: answered with the first receipt",
            self.replayed
        );
        println!(
            "  {:>7}  saved on an old version: stopped by If-Match (412), then decided on the new one",
            self.conflicts
        );
        println!("  {:>7}  refused, as they should be:", self.refused.values().sum::<u64>());
        for (code, count) in &self.refused {
            println!("  {count:>15}  {code}");
        }
        if self.retries > 0 {
            println!("  {:>7}  sent again because the server was busy", self.retries);
        }
        println!("The read models show all of it, {} ms after the last answer.", lag.as_millis());
        for surprise in self.surprises.iter().take(5) {
            println!("  unexpected: {surprise}");
        }
        if self.surprises.len() > 5 {
            println!("  unexpected: {} more", self.surprises.len() - 5);
        }
    }

    fn rate(&self) -> f64 {
        let commands = u32::try_from(self.commands).unwrap_or(u32::MAX);
        f64::from(commands) / self.took.as_secs_f64().max(0.001)
    }
}
