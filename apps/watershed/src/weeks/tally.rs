use std::collections::BTreeMap;
use std::time::Duration;

use watershed_cli::thousands;

/// How many surprises are told one by one.
const SHOWN: usize = 5;

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
        self.surprises.extend(other.surprises);
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
    }

    /// Says what was done.
    pub(crate) fn print(&self, parcels: u32, lag: Duration) {
        let line = |count: u64, what: &str| println!("{:>9}  {what}", thousands(count));
        let seconds = self.took.as_secs_f64();
        println!("\nFour weeks of {} parcels beside it, in {seconds:.1} s:\n", thousands(parcels.into()));
        line(self.commands, "commands: bookings, cancellations, hubs");
        line(self.reports, &format!("lines of {} carriers' files, each a command of its own:", self.files));
        println!("{:>17}  taken, in whatever order they came", thousands(self.taken));
        println!("{:>17}  taken before: a carrier's id counts once, for ever", thousands(self.already_taken));
        println!("{:>17}  torn in the middle of a file: told, kept, and the rest was taken", self.malformed);
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
