//! Short ways of telling what happened to a shipment, and what it is asked.

use parcel::hub::HubEvent;
use parcel::shipment::{
    Carrier, CarrierStatus, Location, Movement, ServiceClass, ShipmentCommand, ShipmentEvent,
};
use watershed::prelude::*;
use watershed_testkit::timestamp;

/// The time of that day and hour in November 2024: `at("07T09:00")`.
#[track_caller]
pub(crate) fn at(text: &str) -> Timestamp {
    timestamp(&format!("2024-11-{text}:00Z"))
}

/// Later than everything that is told.
pub(crate) fn now() -> Timestamp {
    timestamp("2024-12-24T00:00:00Z")
}

/// Booked on the 4th at eight from Memphis to Oakland, promised for the 9th at 20:00.
pub(crate) fn booked() -> ShipmentEvent {
    booked_from("MEM")
}

pub(crate) fn booked_from(hub: &str) -> ShipmentEvent {
    ShipmentEvent::Booked {
        customer_id: "cus-1".into(),
        carrier: Carrier::Fedex,
        service_class: ServiceClass::Ground,
        origin_hub: hub.into(),
        origin_city: "Memphis".into(),
        destination_city: "Oakland".into(),
        eta: at("09T20:00"),
        booked_at: at("04T08:00"),
    }
}

pub(crate) fn in_city(city: &str) -> Location {
    Location { city: Some(city.into()), hub: None }
}

pub(crate) fn scanned(id: &str, movement: Movement, when: &str, city: &str) -> ShipmentEvent {
    ShipmentEvent::Scanned {
        carrier_event_id: id.into(),
        unified_status: movement,
        occurred_at: at(when),
        location: in_city(city),
        note: None,
        late: false,
    }
}

pub(crate) fn out_for_delivery(id: &str, when: &str) -> ShipmentEvent {
    ShipmentEvent::OutForDelivery {
        carrier_event_id: id.into(),
        occurred_at: at(when),
        location: in_city("Oakland"),
        note: None,
        late: false,
    }
}

pub(crate) fn exception(id: &str, when: &str) -> ShipmentEvent {
    ShipmentEvent::ExceptionRaised {
        carrier_event_id: id.into(),
        occurred_at: at(when),
        location: in_city("Oakland"),
        note: None,
        late: false,
    }
}

pub(crate) fn delivered(id: &str, when: &str) -> ShipmentEvent {
    ShipmentEvent::Delivered {
        carrier_event_id: id.into(),
        occurred_at: at(when),
        location: in_city("Oakland"),
        note: None,
        late: false,
    }
}

pub(crate) fn returned(id: &str, when: &str) -> ShipmentEvent {
    ShipmentEvent::Returned {
        carrier_event_id: id.into(),
        occurred_at: at(when),
        location: in_city("Memphis"),
        note: None,
        late: false,
    }
}

/// The same, but heard of after something that happened later.
pub(crate) fn late(mut event: ShipmentEvent) -> ShipmentEvent {
    match &mut event {
        ShipmentEvent::Scanned { late, .. }
        | ShipmentEvent::OutForDelivery { late, .. }
        | ShipmentEvent::ExceptionRaised { late, .. }
        | ShipmentEvent::Delivered { late, .. }
        | ShipmentEvent::Returned { late, .. } => *late = true,
        other => panic!("{other:?} is no report"),
    }
    event
}

pub(crate) fn cancelled(when: &str) -> ShipmentEvent {
    ShipmentEvent::Cancelled { cancelled_at: at(when), reason: None }
}

pub(crate) fn opened(name: &str) -> HubEvent {
    HubEvent::Opened { name: name.into(), city: "Memphis".into() }
}

pub(crate) fn renamed(name: &str) -> HubEvent {
    HubEvent::Renamed { name: name.into() }
}

pub(crate) fn book() -> ShipmentCommand {
    ShipmentCommand::BookShipment {
        shipment_id: "s-1".into(),
        customer_id: "cus-1".into(),
        carrier: Carrier::Fedex,
        service_class: ServiceClass::Ground,
        origin_hub: "MEM".into(),
        origin_city: "Memphis".into(),
        destination_city: "Oakland".into(),
        eta: at("09T20:00"),
        booked_at: at("04T08:00"),
    }
}

pub(crate) fn report(id: &str, unified_status: CarrierStatus, when: &str, city: &str) -> ShipmentCommand {
    ShipmentCommand::RecordScan {
        shipment_id: "s-1".into(),
        carrier_event_id: id.into(),
        unified_status,
        occurred_at: at(when),
        city: Some(city.into()),
        hub: None,
        note: None,
    }
}

pub(crate) fn cancel(when: &str) -> ShipmentCommand {
    ShipmentCommand::CancelShipment { shipment_id: "s-1".into(), cancelled_at: at(when), reason: None }
}
