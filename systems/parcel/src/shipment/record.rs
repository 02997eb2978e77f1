use watershed::prelude::*;

use super::{ShipmentEvent as Event, Status};

/// Where something happened.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, Default, PartialEq, Eq)]
pub struct Location {
    /// The city.
    pub city: Option<String>,
    /// The code of the hub, where it happened in one.
    pub hub: Option<String>,
}

/// What all of a carrier's reports have in common, whichever event they became.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record<'a> {
    /// How the shipment stood then.
    pub status: Status,
    /// The carrier's own id of the report.
    pub carrier_event_id: &'a str,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Where.
    pub location: &'a Location,
    /// Whether something that happened later was known already.
    pub late: bool,
}

impl Record<'_> {
    /// Whether it tells how the shipment stands now. A delivery or a return does also where a later scan was heard of
    /// first: nothing follows on it.
    #[must_use]
    pub fn counts(&self) -> bool {
        !self.late || self.status.is_closing()
    }
}

impl Event {
    /// The carrier's report that the event is; `None` where it is none.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        let (status, carrier_event_id, occurred_at, location, late) = match self {
            Event::Scanned { carrier_event_id, unified_status, occurred_at, location, late, .. } => {
                (Status::from(*unified_status), carrier_event_id, occurred_at, location, late)
            }
            Event::OutForDelivery { carrier_event_id, occurred_at, location, late, .. } => {
                (Status::OutForDelivery, carrier_event_id, occurred_at, location, late)
            }
            Event::ExceptionRaised { carrier_event_id, occurred_at, location, late, .. } => {
                (Status::Exception, carrier_event_id, occurred_at, location, late)
            }
            Event::Delivered { carrier_event_id, occurred_at, location, late, .. } => {
                (Status::Delivered, carrier_event_id, occurred_at, location, late)
            }
            Event::Returned { carrier_event_id, occurred_at, location, late, .. } => {
                (Status::Returned, carrier_event_id, occurred_at, location, late)
            }
            Event::Booked { .. } | Event::Cancelled { .. } => return None,
        };
        Some(Record { status, carrier_event_id, occurred_at: *occurred_at, location, late: *late })
    }
}
