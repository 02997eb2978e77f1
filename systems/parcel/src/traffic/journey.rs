//! What truly happens to a made-up shipment, in the order in which it happens.

use std::time::Duration;

use watershed::prelude::*;

use super::dice::Dice;
use super::network::{PLACES, Place};
use crate::shipment::{Carrier, CarrierStatus, Location, ServiceClass};

/// One thing that the carrier sees of a shipment.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub(super) status: CarrierStatus,
    pub(super) occurred_at: Timestamp,
    pub(super) location: Location,
    pub(super) note: Option<&'static str>,
}

/// How a shipment fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Smooth,
    /// Something keeps it on the way.
    Kept,
    /// Nobody is at home the first time.
    NotAtHome,
    /// It cannot be delivered, and goes back.
    Returned,
    /// It is never seen again.
    Lost,
    /// The customer cancels before it is picked up.
    Cancelled,
}

/// A shipment, and everything that the carrier sees of it.
#[derive(Debug, Clone)]
pub(super) struct Journey {
    pub(super) seed: u64,
    pub(super) number: u32,
    pub(super) carrier: Carrier,
    pub(super) service_class: ServiceClass,
    pub(super) booked_at: Timestamp,
    pub(super) eta: Timestamp,
    pub(super) origin_hub: &'static str,
    pub(super) origin_city: &'static str,
    pub(super) destination_city: &'static str,
    pub(super) is_cancelled: bool,
    pub(super) sights: Vec<Sight>,
}

impl Journey {
    /// The shipment of that number, booked on `date`.
    pub(super) fn new(seed: u64, number: u32, date: Date) -> Self {
        let mut dice = Dice::of([seed, number.into(), 0]);
        let (from, to) = (&PLACES[dice.index(PLACES.len())], &PLACES[dice.index(PLACES.len())]);
        let service_class = dice.pick(&[
            ServiceClass::Economy,
            ServiceClass::Ground,
            ServiceClass::Ground,
            ServiceClass::Ground,
            ServiceClass::Express,
            ServiceClass::Express,
            ServiceClass::Overnight,
        ]);
        let fate = match dice.between(1, 1_000) {
            1..=60 => Fate::Kept,
            61..=110 => Fate::NotAtHome,
            111..=125 => Fate::Returned,
            126..=135 => Fate::Lost,
            136..=165 => Fate::Cancelled,
            _ => Fate::Smooth,
        };
        let booked_at = Timestamp::at_start_of(date).plus(minutes(dice.between(6 * 60, 21 * 60)));
        let days = match service_class {
            ServiceClass::Economy => 7,
            ServiceClass::Ground => 5,
            ServiceClass::Express => 3,
            ServiceClass::Overnight => 1,
        };
        let mut journey = Self {
            seed,
            number,
            carrier: dice.pick(Carrier::ALL),
            service_class,
            booked_at,
            eta: Timestamp::at_start_of(date.plus_days(days)).plus(minutes(20 * 60)),
            origin_hub: from.code,
            origin_city: dice.pick(&from.around),
            destination_city: dice.pick(&to.around),
            is_cancelled: fate == Fate::Cancelled,
            sights: Vec::new(),
        };
        if !journey.is_cancelled {
            Way { at: booked_at, dice, journey: &mut journey }.go(from, to, fate);
        }
        journey
    }

    pub(super) fn id(&self) -> String {
        format!("shipment-{:06}", self.number)
    }

    /// The carrier's id of what it saw at that place.
    pub(super) fn carrier_event_id(&self, place: usize) -> String {
        format!("{}-{:06}-{place:02}", self.carrier, self.number)
    }

    /// This shipment's dice for a purpose.
    pub(super) fn dice(&self, purpose: u64) -> Dice {
        Dice::of([self.seed, self.number.into(), purpose])
    }
}

/// A shipment on its way.
struct Way<'a> {
    at: Timestamp,
    dice: Dice,
    journey: &'a mut Journey,
}

impl Way<'_> {
    fn go(mut self, from: &Place, to: &Place, fate: Fate) {
        let (origin, destination) = (self.journey.origin_city, self.journey.destination_city);
        self.see(CarrierStatus::PickedUp, 3, 20, city(origin), None);
        self.see(CarrierStatus::ArrivedAtHub, 1, 5, hub(from), None);
        self.see(CarrierStatus::InTransit, 1, 6, hub(from), None);
        if from.code != to.code {
            if self.journey.service_class != ServiceClass::Overnight && self.dice.chance(500) {
                let between = &PLACES[self.dice.index(PLACES.len())];
                self.ride(8, 20);
                self.see(CarrierStatus::ArrivedAtHub, 1, 4, hub(between), None);
                self.see(CarrierStatus::InTransit, 1, 8, hub(between), None);
            }
            self.ride(8, 24);
        }
        if fate == Fate::Lost {
            return;
        }
        if fate == Fate::Kept {
            let why = self.dice.pick(&["severe weather", "a damaged label", "held by customs"]);
            self.see(CarrierStatus::Exception, 1, 4, hub(to), Some(why));
            self.ride(24, 80);
        }
        self.see(CarrierStatus::ArrivedAtHub, 1, 4, hub(to), None);
        self.see(CarrierStatus::OutForDelivery, 3, 12, city(destination), None);
        if matches!(fate, Fate::NotAtHome | Fate::Returned) {
            self.see(CarrierStatus::Exception, 2, 7, city(destination), Some("nobody at home"));
            if fate == Fate::Returned {
                self.see(CarrierStatus::Returned, 70, 120, city(origin), Some("refused by the addressee"));
                return;
            }
            self.see(CarrierStatus::OutForDelivery, 15, 22, city(destination), None);
        }
        let by = self.dice.pick(&["left at the door", "a neighbour", "the reception", "the addressee"]);
        self.see(CarrierStatus::Delivered, 1, 8, city(destination), Some(by));
    }

    /// Time passes: so many hours, more or less as the service is slower or faster.
    fn ride(&mut self, from: i64, to: i64) {
        let percent = match self.journey.service_class {
            ServiceClass::Economy => 170,
            ServiceClass::Ground => 120,
            ServiceClass::Express => 70,
            ServiceClass::Overnight => 30,
        };
        self.at = self.at.plus(minutes(self.dice.between(from * 60, to * 60) * percent / 100));
    }

    /// The carrier sees it, `from` to `to` hours later.
    fn see(
        &mut self,
        status: CarrierStatus,
        from: i64,
        to: i64,
        location: Location,
        note: Option<&'static str>,
    ) {
        self.at = self.at.plus(minutes(self.dice.between(from * 60, to * 60)));
        self.journey.sights.push(Sight { status, occurred_at: self.at, location, note });
    }
}

fn city(city: &str) -> Location {
    Location { city: Some(city.into()), hub: None }
}

fn hub(place: &Place) -> Location {
    Location { city: Some(place.city.into()), hub: Some(place.code.into()) }
}

pub(super) fn minutes(count: i64) -> Duration {
    Duration::from_secs(count.unsigned_abs() * 60)
}
