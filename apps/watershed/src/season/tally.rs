use std::collections::BTreeMap;
use std::time::Duration;

use watershed_cli::thousands;

/// How many surprises are told one by one.
const SHOWN: usize = 5;

/// What became of the season.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(super) commands: u64,
    pub(super) events: u64,
    pub(super) replayed: u64,
    /// Refused as they should be, by code.
    pub(super) refused: BTreeMap<String, u64>,
    /// What ended otherwise than it should, in words.
    pub(super) surprises: Vec<String>,
    pub(super) took: Duration,
}

impl Tally {
    /// Takes another tally into this one.
    pub(super) fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.events += other.events;
        self.replayed += other.replayed;
        self.surprises.extend(other.surprises);
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
    }

    /// Says what was done.
    pub(crate) fn print(&self, products: u32, lag: Duration) {
        let line = |count: u64, what: &str| println!("{:>9}  {what}", thousands(count));
        let seconds = self.took.as_secs_f64();
        println!("\nA season of {} products beside it, in {seconds:.1} s:\n", thousands(products.into()));
        line(self.commands, "commands: prices, stock, categories");
        line(self.events, "events recorded, each in one transaction with the tables that it changes");
        line(self.replayed, "sent twice with one Idempotency-Key: answered with the first receipt");
        line(self.refused.values().sum(), "refused, as they should be:");
        for (code, count) in &self.refused {
            println!("{:>17}  {code}", thousands(*count));
        }
        for surprise in self.surprises.iter().take(SHOWN) {
            println!("           unexpected: {surprise}");
        }
        if self.surprises.len() > SHOWN {
            println!("           unexpected: {} more", self.surprises.len() - SHOWN);
        }
        println!("\nThe views showed all of it {} ms after the last answer.", lag.as_millis());
    }
}
