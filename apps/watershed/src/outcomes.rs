use std::collections::BTreeMap;
use std::time::Duration;

use watershed_cli::thousands;

/// How many surprises are told one by one.
const SHOWN: usize = 5;

/// What became of the commands that were not simply taken.
#[derive(Debug, Default, Clone)]
pub(crate) struct Outcomes {
    /// How many were refused as they should be, by code.
    refused: BTreeMap<String, u64>,
    /// What ended otherwise than it should, in words.
    surprises: Vec<String>,
}

impl Outcomes {
    pub(crate) fn refused(&mut self, code: String) {
        self.refused_many(code, 1);
    }

    pub(crate) fn refused_many(&mut self, code: String, count: u64) {
        *self.refused.entry(code).or_default() += count;
    }

    pub(crate) fn surprise(&mut self, what: String) {
        self.surprises.push(what);
    }

    /// Takes others into these.
    pub(crate) fn add(&mut self, other: Self) {
        self.surprises.extend(other.surprises);
        other.refused.into_iter().for_each(|(code, count)| self.refused_many(code, count));
    }

    /// Says how many were refused, and why.
    pub(crate) fn print_refused(&self) {
        print_count(self.refused.values().sum(), "refused, as they should be:");
        for (code, count) in &self.refused {
            print_part(*count, code);
        }
    }

    /// Says what nobody has expected, if anything.
    pub(crate) fn print_surprises(&self) {
        for surprise in self.surprises.iter().take(SHOWN) {
            println!("           unexpected: {surprise}");
        }
        if self.surprises.len() > SHOWN {
            println!("           unexpected: {} more", self.surprises.len() - SHOWN);
        }
    }
}

/// A line of what was done.
pub(crate) fn print_count(count: u64, what: &str) {
    println!("{:>9}  {what}", thousands(count));
}

/// A line of what the one above it is made of.
pub(crate) fn print_part(count: u64, what: &str) {
    println!("{:>17}  {what}", thousands(count));
}

/// The last line: how soon questions are answered with all of it.
pub(crate) fn print_lag(lag: Duration) {
    println!("\nThe views showed all of it {} ms after the last answer.", lag.as_millis());
}
