//! Some made-up weeks of shipments: what customers and carriers send, in the order in which it arrives.
//!
//! For demos, benchmarks and tests. The same number of shipments and the same seed give the same weeks, command by command.
//! As in life, reports come late, twice and out of order; some are of no shipment, some bear an id that another shipment
//! has, some come from behind a delivery. Each [`Step`] says how it should end.

mod dice;
mod journey;
mod mail;
mod network;
mod posts;

use std::collections::BTreeMap;

use watershed::prelude::*;

use self::journey::Journey;
use self::mail::Mail;
use crate::hub::HubCommand;
use crate::shipment::{ShipmentCommand, ShipmentRefusal};

pub use self::posts::{Post, Posts};

/// One command of the weeks.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// When it arrived, in the time of the weeks. Steps come in this order, and those of one shipment must be sent in it.
    pub at: Timestamp,
    /// Its idempotency key.
    pub key: String,
    /// The command.
    pub command: Sent,
    /// How it should end, if every step before it was sent.
    pub expected: Expected,
}

/// What was sent, and to whom.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// To a hub.
    Hub(HubCommand),
    /// To a shipment. What a carrier reported is a `RecordScan`.
    Shipment(ShipmentCommand),
}

/// How a command should end.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// It leads to an event.
    Accepted,
    /// It was sent before, with the same key: the receipt is the stored one, and nothing happens again.
    Replayed,
    /// The shipment has taken this report before, under another key: the receipt names no event.
    AlreadyTaken,
    /// The log says no: another shipment has a report of this id.
    TakenElsewhere,
    /// The shipment says no.
    Refused(ShipmentRefusal),
}

/// On how many days shipments are booked.
const DAYS: i64 = 28;

/// Four weeks of so many shipments, step by step: bookings by day, and each shipment's reports as they arrive, until the
/// last of them has.
///
/// About ten steps for each shipment. A day is made when it comes, and what is under way is all that is kept.
///
/// ```
/// let traffic = parcel::traffic::Traffic::new(500, 7);
/// let first = traffic.into_iter().next().map(|step| step.at.date().to_string());
/// assert_eq!(first.as_deref(), Some("2024-11-04"));
/// ```
#[derive(Debug, Clone)]
pub struct Traffic {
    seed: u64,
    shipments: u32,
    first_day: Date,
    next_day: i64,
    /// What has not arrived yet. Steps of one instant are told apart by the order in which they were made.
    under_way: BTreeMap<(Timestamp, u64), Step>,
    made: u64,
}

impl Traffic {
    /// The four weeks from 4 November 2024.
    #[must_use]
    pub fn new(shipments: u32, seed: u64) -> Self {
        const FIRST_DAY: Timestamp = Timestamp::from_micros(1_730_678_400_000_000); // 2024-11-04T00:00:00Z
        Self::starting_on(FIRST_DAY.date(), shipments, seed)
    }

    /// The four weeks from that day.
    #[must_use]
    pub fn starting_on(first_day: Date, shipments: u32, seed: u64) -> Self {
        Self { seed, shipments, first_day, next_day: 0, under_way: BTreeMap::new(), made: 0 }
    }

    /// Makes everything that follows from what begins on the next day.
    fn make_next_day(&mut self) {
        let day = self.next_day;
        self.next_day += 1;
        let mut steps = Vec::new();
        network::write(day, self.first_day.plus_days(day), &mut steps);
        for number in self.booked_before(day)..self.booked_before(day + 1) {
            let before = number.checked_sub(1).map(|before| self.journey(before));
            Mail::write(&self.journey(number), before.as_ref(), &mut steps);
        }
        for step in steps {
            self.under_way.insert((step.at, self.made), step);
            self.made += 1;
        }
    }

    /// How many shipments are booked before that day.
    fn booked_before(&self, day: i64) -> u32 {
        // invariant: at most the number of shipments, which is a u32
        (i64::from(self.shipments) * day / DAYS) as u32
    }

    /// The shipment of that number, from 0.
    fn journey(&self, number: u32) -> Journey {
        let day = (0..DAYS).rfind(|day| self.booked_before(*day) <= number).unwrap_or(0);
        Journey::new(self.seed, number + 1, self.first_day.plus_days(day))
    }
}

impl Iterator for Traffic {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            let tomorrow = Timestamp::at_start_of(self.first_day.plus_days(self.next_day));
            let is_due = |at: Timestamp| self.next_day >= DAYS || at < tomorrow;
            match self.under_way.first_key_value() {
                Some(((at, _), _)) if is_due(*at) => return self.under_way.pop_first().map(|(_, step)| step),
                None if self.next_day >= DAYS => return None,
                _ => self.make_next_day(),
            }
        }
    }
}
