use std::time::Duration;

use watershed_cli::thousands;

use crate::outcomes::{Outcomes, print_count, print_lag};

/// What became of the season.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    pub(super) commands: u64,
    pub(super) events: u64,
    pub(super) replayed: u64,
    pub(super) outcomes: Outcomes,
    pub(super) took: Duration,
}

impl Tally {
    /// Takes another tally into this one.
    pub(super) fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.events += other.events;
        self.replayed += other.replayed;
        self.outcomes.add(other.outcomes);
    }

    /// Says what was done.
    pub(crate) fn print(&self, products: u32, lag: Duration) {
        let seconds = self.took.as_secs_f64();
        println!("\nA season of {} products beside it, in {seconds:.1} s:\n", thousands(products.into()));
        print_count(self.commands, "commands: prices, stock, categories");
        print_count(self.events, "events recorded, each in one transaction with the tables that it changes");
        print_count(self.replayed, "sent twice with one Idempotency-Key: answered with the first receipt");
        self.outcomes.print_refused();
        self.outcomes.print_surprises();
        print_lag(lag);
    }
}
