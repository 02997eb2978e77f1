//! A made-up school year of the co-op: the commands that were sent, when, and with which idempotency keys.
//!
//! For demos, benchmarks and tests. The same number of families and the same seed give the same year, command by
//! command. Most commands are in order. Some are not, as in life: requests are sent again, a bank's file is loaded
//! twice, somebody pays zero, or after having left. Each [`Step`] says how it should end.

mod calendar;
mod day;
mod dice;
mod fortune;
mod household;
mod words;

use watershed::prelude::*;

use self::calendar::SchoolYear;
use self::day::Day;
use self::household::Household;
use crate::family::{FamilyCommand, FamilyRefusal};

/// One command of the year.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When it was sent. Steps come in the order of time; those of one family must be sent in this order.
    pub at: Timestamp,
    /// Its idempotency key.
    pub key: String,
    /// The command.
    pub command: FamilyCommand,
    /// How it should end, if every step before it was sent.
    pub expected: Expected,
}

/// How a command should end.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// It leads to an event.
    Accepted,
    /// It was sent before, with the same key: the receipt is the stored one, and nothing happens again.
    Replayed,
    /// The family says no.
    Refused(FamilyRefusal),
    /// The log says no: the transaction was received before, with another key.
    TransactionTaken,
}

/// A school year of so many families, step by step: enrolments in August, dues on the first of every month from
/// September to June, payments, scores and contacts, until the end of July.
///
/// About 43 steps for each family. A day is made when it comes, so that a year of many families needs little memory.
///
/// ```
/// let year = coop::year::Year::new(500, 7);
/// let first = year.into_iter().next().map(|step| step.at.date().to_string());
/// assert_eq!(first.as_deref(), Some("2024-08-15"));
/// ```
#[derive(Debug, Clone)]
pub struct Year {
    calendar: SchoolYear,
    households: Vec<Household>,
    next_day: i64,
    today: std::vec::IntoIter<Step>,
}

impl Year {
    /// The school year 2024/25 of `families` families.
    #[must_use]
    pub fn new(families: u32, seed: u64) -> Self {
        Self::of(SchoolYear::default(), families, seed)
    }

    /// The school year that starts in August of `year`; `None` where the calendar does not hold it.
    #[must_use]
    pub fn starting_in(year: i16, families: u32, seed: u64) -> Option<Self> {
        SchoolYear::starting_in(year).map(|calendar| Self::of(calendar, families, seed))
    }

    fn of(calendar: SchoolYear, families: u32, seed: u64) -> Self {
        Self {
            calendar,
            households: (1..=families).map(|number| Household::new(seed, number, calendar)).collect(),
            next_day: 0,
            today: Vec::new().into_iter(),
        }
    }

    /// What everybody does on that day, in the order of time.
    fn day(&self, date: Date) -> Vec<Step> {
        let mut steps = Vec::new();
        for household in &self.households {
            Day::write(household, date, self.calendar, &mut steps);
        }
        steps.sort_by_key(|step| step.at);
        steps
    }
}

impl Iterator for Year {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.today.next() {
                return Some(step);
            }
            let date = self.calendar.day(self.next_day);
            if date > self.calendar.last_day() {
                return None;
            }
            self.next_day += 1;
            self.today = self.day(date).into_iter();
        }
    }
}
