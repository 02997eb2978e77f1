use std::collections::BTreeSet;

use watershed::prelude::*;

use super::rules::{self, Report};
use super::{Location, ShipmentCommand as Command, ShipmentEvent as Event, ShipmentRefusal, Status};
use crate::checks::optional;

/// The journey of one shipment, as far as its decisions need to know it.
///
/// It keeps the ids of its carrier's reports, and not the reports: an id that comes again changes nothing. Whether another
/// shipment has used an id the log itself knows. The number of reports is bounded, and so is this.
#[derive(Serialize, Deserialize, Debug, Clone, Default, PartialEq, Eq)]
pub struct ShipmentJourney {
    pub(super) booked_at: Option<Timestamp>,
    pub(super) taken: BTreeSet<String>,
    /// The latest report: when it occurred and its id, which decides between reports of one instant.
    pub(super) latest: Option<(Timestamp, String)>,
    pub(super) closed: Option<(Status, Timestamp)>,
    pub(super) was_out_for_delivery: bool,
    pub(super) is_cancelled: bool,
}

impl Aggregate for ShipmentJourney {
    type Command = Command;
    type Event = Event;
    type Refusal = ShipmentRefusal;

    /// Each command passes its rule (`rules.rs`) and leads to one event, or to none where the report was taken before.
    fn decide(&self, command: &Command, cx: &Cx) -> Decided<Self> {
        let event = match command {
            Command::BookShipment {
                shipment_id: _,
                customer_id,
                carrier,
                service_class,
                origin_hub,
                origin_city,
                destination_city,
                eta,
                booked_at,
            } => {
                self.may_be_booked(*booked_at, *eta, cx.now())?;
                rules::texts([
                    ("customer_id", customer_id),
                    ("origin_hub", origin_hub),
                    ("origin_city", origin_city),
                    ("destination_city", destination_city),
                ])?;
                Event::Booked {
                    customer_id: customer_id.clone(),
                    carrier: *carrier,
                    service_class: *service_class,
                    origin_hub: origin_hub.clone(),
                    origin_city: origin_city.clone(),
                    destination_city: destination_city.clone(),
                    eta: *eta,
                    booked_at: *booked_at,
                }
            }
            Command::RecordScan {
                shipment_id: _,
                carrier_event_id,
                unified_status,
                occurred_at,
                city,
                hub,
                note,
            } => {
                let report = Report {
                    carrier_event_id: carrier_event_id.clone(),
                    occurred_at: *occurred_at,
                    location: Location { city: city.clone(), hub: hub.clone() },
                    note: note.clone(),
                    late: self.is_late(*occurred_at, carrier_event_id),
                };
                report.check()?;
                if self.taken.contains(carrier_event_id) {
                    return Ok(Vec::new());
                }
                self.may_be_reported(*occurred_at, *unified_status, cx.now())?;
                report.into_event(*unified_status)
            }
            Command::CancelShipment { shipment_id: _, cancelled_at, reason } => {
                self.may_be_cancelled(*cancelled_at, cx.now())?;
                optional("reason", reason.as_deref())?;
                Event::Cancelled { cancelled_at: *cancelled_at, reason: reason.clone() }
            }
        };
        Ok(vec![event])
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Booked { booked_at, .. } => self.booked_at = Some(*booked_at),
            Event::Cancelled { .. } => self.is_cancelled = true,
            Event::Scanned { .. }
            | Event::OutForDelivery { .. }
            | Event::ExceptionRaised { .. }
            | Event::Delivered { .. }
            | Event::Returned { .. } => event.record().iter().for_each(|record| self.take(record)),
        }
    }

    fn storage() -> Storage<Self> {
        Storage::snapshots(500)
    }
}
