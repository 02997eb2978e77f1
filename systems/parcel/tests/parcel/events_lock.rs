use parcel::hub::HubEvent;
use parcel::shipment::ShipmentEvent;
use watershed::prelude::*;
use watershed_testkit::assert_events_locked;

#[test]
fn events_are_what_the_log_holds() {
    assert_events_locked::<(ShipmentEvent, HubEvent)>(concat!(env!("CARGO_MANIFEST_DIR"), "/events.lock"));
}

#[test]
fn events_bear_the_names_that_others_know_them_by() {
    let names: Vec<_> = ShipmentEvent::KINDS.iter().map(|kind| kind.name).collect();
    for name in ["shipping.shipment.booked.v1", "carrier.scan.v1", "shipping.shipment.delivered.v1"] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
}
