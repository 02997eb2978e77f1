use std::time::Duration;

use watershed_cli::thousands;

use crate::outcomes::{Outcomes, print_count, print_lag, print_part};

/// What became of the weeks.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// What customers and operations sent.
    pub(super) commands: u64,
    /// Carriers' files, and the lines in them.
    pub(super) files: u64,
    pub(super) reports: u64,
    pub(super) taken: u64,
    pub(super) already_taken: u64,
    pub(super) malformed: u64,
    pub(super) outcomes: Outcomes,
    pub(super) took: Duration,
}

impl Tally {
    /// Takes another tally into this one.
    pub(super) fn add(&mut self, other: Self) {
        self.commands += other.commands;
        self.outcomes.add(other.outcomes);
    }

    /// Says what was done.
    pub(crate) fn print(&self, parcels: u32, lag: Duration) {
        let seconds = self.took.as_secs_f64();
        println!("\nFour weeks of {} parcels beside it, in {seconds:.1} s:\n", thousands(parcels.into()));
        print_count(self.commands, "commands: bookings, cancellations, hubs");
        print_count(
            self.reports,
            &format!("lines of {} carriers' files, each a command of its own:", self.files),
        );
        print_part(self.taken, "taken, in whatever order they came");
        print_part(self.already_taken, "taken before: a carrier's id counts once, for ever");
        print_part(self.malformed, "torn in the middle of a file: told, kept, and the rest was taken");
        self.outcomes.print_refused();
        self.outcomes.print_surprises();
        print_lag(lag);
    }
}
