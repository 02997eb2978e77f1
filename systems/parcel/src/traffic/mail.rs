//! How the news of a made-up shipment arrives: soon as a rule, but also late, twice, and where it does not belong.

use watershed::prelude::*;

use super::journey::{Journey, Sight, minutes};
use super::{Expected, Sent, Step};
use crate::shipment::{CarrierStatus, ShipmentCommand, ShipmentRefusal as No};

const HOUR: i64 = 60;

/// What arrives about one shipment, being written.
pub(super) struct Mail<'a> {
    journey: &'a Journey,
    /// When each sight's report arrives for the first time.
    arrivals: Vec<Timestamp>,
    steps: &'a mut Vec<Step>,
}

impl<'a> Mail<'a> {
    /// Writes everything that arrives about `journey`, and what is wrongly sent to the shipment `before` it, to `steps`.
    pub(super) fn write(journey: &'a Journey, before: Option<&Journey>, steps: &'a mut Vec<Step>) {
        let mut dice = journey.dice(1);
        let mut arrival = |sight: &Sight| {
            // Now and then a scanner was offline, and its reports come after those that follow.
            let delay = if dice.chance(80) { dice.between(4 * HOUR, 30 * HOUR) } else { dice.between(1, 9) };
            sight.occurred_at.plus(minutes(delay))
        };
        let arrivals = journey.sights.iter().map(&mut arrival).collect();
        let mut mail = Mail { journey, arrivals, steps };
        mail.book();
        mail.report();
        mail.cancel();
        mail.stray(before);
    }

    fn book(&mut self) {
        let journey = self.journey;
        let command = ShipmentCommand::BookShipment {
            shipment_id: journey.id(),
            customer_id: format!("customer-{:05}", journey.dice(2).between(1, 20_000)),
            carrier: journey.carrier,
            service_class: journey.service_class,
            origin_hub: journey.origin_hub.into(),
            origin_city: journey.origin_city.into(),
            destination_city: journey.destination_city.into(),
            eta: journey.eta,
            booked_at: journey.booked_at,
        };
        self.step(journey.booked_at, "book", command, Expected::Accepted);
    }

    fn report(&mut self) {
        let mut dice = self.journey.dice(3);
        for (place, at) in self.arrivals.clone().into_iter().enumerate() {
            let report = self.report_of(place);
            let key = format!("report-{place:02}");
            self.step(at, &key, report.clone(), Expected::Accepted);
            if dice.chance(20) {
                // The answer was lost, and whoever imports asks again.
                self.step(at.plus(minutes(1)), &key, report.clone(), Expected::Replayed);
            }
            if dice.chance(40) {
                // The carrier sends it once more, in another file.
                let again = at.plus(minutes(dice.between(5, 48 * HOUR)));
                self.step(again, &format!("{key}-again"), report, Expected::AlreadyTaken);
            }
        }
    }

    fn cancel(&mut self) {
        let mut dice = self.journey.dice(4);
        let soon = self.journey.booked_at.plus(minutes(dice.between(10, 2 * HOUR)));
        if self.journey.is_cancelled {
            self.step(soon, "cancel", self.cancellation(soon), Expected::Accepted);
            if dice.chance(100) {
                let again = soon.plus(minutes(2));
                let expected = Expected::Refused(No::AlreadyCancelled);
                self.step(again, "cancel-again", self.cancellation(again), expected);
            }
        } else if let Some(on_the_van) = self.arrival_of(|status| status == CarrierStatus::OutForDelivery)
            && dice.chance(20)
        {
            let at = on_the_van.plus(minutes(15));
            // Where the delivery is known by then, the answer would be another one.
            if self.arrival_of(closes).is_none_or(|closed| closed > at) {
                self.step(at, "cancel", self.cancellation(at), Expected::Refused(No::OutForDelivery));
            }
        }
    }

    /// What does not belong to this shipment, or to none.
    fn stray(&mut self, before: Option<&Journey>) {
        let mut dice = self.journey.dice(5);
        if let (Some(last), Some(heard)) = (self.journey.sights.last(), self.arrival_of(closes))
            && dice.chance(10)
        {
            // A label is scanned once more, on an empty box.
            let occurred_at = last.occurred_at.plus(minutes(dice.between(30, 6 * HOUR)));
            let sight = Sight { status: CarrierStatus::InTransit, occurred_at, ..last.clone() };
            let report = self.report_as(&self.journey.id(), self.journey.sights.len(), &sight);
            let expected = Expected::Refused(match last.status {
                CarrierStatus::Returned => No::Returned { returned_at: last.occurred_at },
                _ => No::Delivered { delivered_at: last.occurred_at },
            });
            self.step(heard.max(occurred_at).plus(minutes(5)), "empty-box", report, expected);
        }
        let (Some(sight), Some(arrival)) = (self.journey.sights.first(), self.arrivals.first().copied())
        else {
            return;
        };
        if dice.chance(5) {
            let unknown = format!("{}-x", self.journey.id());
            let report = self.report_as(&unknown, 90, sight);
            self.step(arrival, "unknown", report, Expected::Refused(No::NotBooked));
        }
        if let Some(before) = before.filter(|before| !before.sights.is_empty())
            && dice.chance(5)
        {
            // This shipment's first report, sent to another one as well. It happened when that one was under way.
            let occurred_at = before.sights[0].occurred_at;
            let report = self.report_as(&before.id(), 0, &Sight { occurred_at, ..sight.clone() });
            let at = arrival.max(occurred_at).plus(minutes(HOUR));
            self.step(at, "misrouted", report, Expected::TakenElsewhere);
        }
    }

    /// When the first of the reports that are such arrives.
    fn arrival_of(&self, is: impl Fn(CarrierStatus) -> bool) -> Option<Timestamp> {
        let such = self.journey.sights.iter().zip(&self.arrivals).filter(|(sight, _)| is(sight.status));
        such.map(|(_, at)| *at).min()
    }

    fn report_of(&self, place: usize) -> ShipmentCommand {
        self.report_as(&self.journey.id(), place, &self.journey.sights[place])
    }

    fn report_as(&self, shipment_id: &str, place: usize, sight: &Sight) -> ShipmentCommand {
        ShipmentCommand::RecordScan {
            shipment_id: shipment_id.to_owned(),
            carrier_event_id: self.journey.carrier_event_id(place),
            unified_status: sight.status,
            occurred_at: sight.occurred_at,
            city: sight.location.city.clone(),
            hub: sight.location.hub.clone(),
            note: sight.note.map(|note| Personal::from(note.to_owned())),
        }
    }

    fn cancellation(&self, cancelled_at: Timestamp) -> ShipmentCommand {
        let reason = Some("ordered by mistake".into());
        ShipmentCommand::CancelShipment { shipment_id: self.journey.id(), cancelled_at, reason }
    }

    fn step(&mut self, at: Timestamp, key: &str, command: ShipmentCommand, expected: Expected) {
        let key = format!("{}-{key}", self.journey.id());
        self.steps.push(Step { at, key, command: Sent::Shipment(command), expected });
    }
}

fn closes(status: CarrierStatus) -> bool {
    matches!(status, CarrierStatus::Delivered | CarrierStatus::Returned)
}
