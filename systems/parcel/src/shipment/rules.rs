//! What may be done to a shipment, and what a carrier may report of it: one rule for each command.

use std::time::Duration;

use watershed::prelude::*;

use super::{
    CarrierStatus, Location, Movement, Record, ShipmentEvent as Event, ShipmentJourney,
    ShipmentRefusal as No, Status,
};
use crate::checks::{Wrong, optional, required};

/// The most reports of one shipment. A journey has ten or twenty; a scanner gone wild ends here, and so does the growth of
/// the state.
const REPORTS: usize = 500;
/// How far a carrier's clock may be ahead of ours.
const AHEAD: Duration = Duration::from_secs(3_600);

type Checked = Result<(), No>;

impl ShipmentJourney {
    pub(super) fn may_be_booked(&self, booked_at: Timestamp, eta: Timestamp, now: Timestamp) -> Checked {
        if self.booked_at.is_some() {
            return Err(No::AlreadyBooked);
        }
        not_in_future("booked_at", booked_at, now)?;
        if eta < booked_at {
            return Err(No::PromisedBeforeBooking { booked_at });
        }
        Ok(())
    }

    /// Reports lie between booking and closing, by when they occurred: it does not matter when we hear of them. The
    /// journey closes once: who reports a second delivery, or a return after a delivery, is told of the first.
    pub(super) fn may_be_reported(
        &self,
        occurred_at: Timestamp,
        status: CarrierStatus,
        now: Timestamp,
    ) -> Checked {
        let booked_at = self.booked_at.ok_or(No::NotBooked)?;
        not_in_future("occurred_at", occurred_at, now)?;
        if occurred_at < booked_at {
            return Err(No::BeforeBooking { field: "occurred_at", booked_at });
        }
        let closes = matches!(status, CarrierStatus::Delivered | CarrierStatus::Returned);
        match self.closed {
            Some((_, at)) if !closes && occurred_at <= at => {}
            Some(closed) => return Err(closed_as(closed)),
            None => {}
        }
        if self.taken.len() >= REPORTS {
            return Err(No::TooManyReports { limit: REPORTS });
        }
        Ok(())
    }

    /// Whether something that happened later is known already. Of two reports of one instant the greater id counts as the
    /// later: which of them it is does not matter, only that it is the same one in whatever order they come.
    pub(super) fn is_late(&self, occurred_at: Timestamp, carrier_event_id: &str) -> bool {
        let earlier = |latest: &(Timestamp, String)| (occurred_at, carrier_event_id) < (latest.0, &latest.1);
        self.closed.is_some() || self.latest.as_ref().is_some_and(earlier)
    }

    pub(super) fn may_be_cancelled(&self, cancelled_at: Timestamp, now: Timestamp) -> Checked {
        let booked_at = self.booked_at.ok_or(No::NotBooked)?;
        if let Some(closed) = self.closed {
            return Err(closed_as(closed));
        }
        if self.was_out_for_delivery {
            return Err(No::OutForDelivery);
        }
        if self.is_cancelled {
            return Err(No::AlreadyCancelled);
        }
        not_in_future("cancelled_at", cancelled_at, now)?;
        if cancelled_at < booked_at {
            return Err(No::BeforeBooking { field: "cancelled_at", booked_at });
        }
        Ok(())
    }

    pub(super) fn take(&mut self, record: &Record<'_>) {
        self.taken.insert(record.carrier_event_id.to_owned());
        if !record.late {
            self.latest = Some((record.occurred_at, record.carrier_event_id.to_owned()));
        }
        if record.status.is_closing() {
            self.closed = Some((record.status, record.occurred_at));
        }
        self.was_out_for_delivery |= record.status == Status::OutForDelivery;
    }
}

fn closed_as((status, at): (Status, Timestamp)) -> No {
    if status == Status::Returned {
        No::Returned { returned_at: at }
    } else {
        No::Delivered { delivered_at: at }
    }
}

fn not_in_future(field: &'static str, at: Timestamp, now: Timestamp) -> Checked {
    if at > now.plus(AHEAD) { Err(No::InFuture { field, now }) } else { Ok(()) }
}

pub(super) fn texts<const N: usize>(texts: [(&'static str, &String); N]) -> Result<(), Wrong> {
    texts.into_iter().try_for_each(|(field, text)| required(field, text))
}

/// A report: what its event will say, whichever event it becomes.
pub(super) struct Report {
    pub(super) carrier_event_id: String,
    pub(super) occurred_at: Timestamp,
    pub(super) location: Location,
    pub(super) note: Option<Personal<String>>,
    pub(super) late: bool,
}

impl Report {
    /// What a report must be like whatever the shipment's state is.
    pub(super) fn check(&self) -> Result<(), Wrong> {
        required("carrier_event_id", &self.carrier_event_id)?;
        optional("city", self.location.city.as_deref())?;
        optional("hub", self.location.hub.as_deref())?;
        optional("note", self.note.as_ref().map(|note| note.as_str()))
    }

    pub(super) fn into_event(self, status: CarrierStatus) -> Event {
        let Self { carrier_event_id, occurred_at, location, note, late } = self;
        match status {
            CarrierStatus::PickedUp | CarrierStatus::InTransit | CarrierStatus::ArrivedAtHub => {
                let unified_status = match status {
                    CarrierStatus::PickedUp => Movement::PickedUp,
                    CarrierStatus::ArrivedAtHub => Movement::ArrivedAtHub,
                    _ => Movement::InTransit,
                };
                Event::Scanned { carrier_event_id, unified_status, occurred_at, location, note, late }
            }
            CarrierStatus::OutForDelivery => {
                Event::OutForDelivery { carrier_event_id, occurred_at, location, note, late }
            }
            CarrierStatus::Exception => {
                Event::ExceptionRaised { carrier_event_id, occurred_at, location, note, late }
            }
            CarrierStatus::Delivered => {
                Event::Delivered { carrier_event_id, occurred_at, location, note, late }
            }
            CarrierStatus::Returned => {
                Event::Returned { carrier_event_id, occurred_at, location, note, late }
            }
        }
    }
}
