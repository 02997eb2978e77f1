use parcel::hub::HubRefusal;
use parcel::shipment::{CarrierStatus, Movement, ShipmentCommand, ShipmentJourney, ShipmentRefusal};
use watershed::core::{Command, Cx, Refusal};
use watershed::prelude::*;

use crate::tell::*;

fn after(events: impl IntoIterator<Item = parcel::shipment::ShipmentEvent>) -> ShipmentJourney {
    let mut shipment = ShipmentJourney::default();
    for event in events {
        shipment.evolve(&event);
    }
    shipment
}

#[test]
fn a_scanner_gone_wild_does_not_let_the_state_grow_without_end() {
    let scans =
        (0..500).map(|number| scanned(&format!("e-{number:03}"), Movement::InTransit, "05T12:00", "Reno"));
    let shipment = after([booked()].into_iter().chain(scans));
    let cx = Cx::new(now(), Default::default());
    let one_more = report("other", CarrierStatus::Delivered, "06T12:00", "Oakland");
    let refused = shipment.decide(&one_more, &cx).unwrap_err();
    assert_eq!(refused, ShipmentRefusal::TooManyReports { limit: 500 });
    let known = report("e-007", CarrierStatus::InTransit, "05T12:00", "Reno");
    assert_eq!(shipment.decide(&known, &cx).unwrap(), []);
}

#[test]
fn a_snapshot_gives_back_the_state_that_it_was_taken_of() {
    let shipment = after([
        booked(),
        scanned("e-1", Movement::InTransit, "05T12:00", "Reno"),
        out_for_delivery("e-2", "06T07:00"),
        cancelled("06T08:00"),
        delivered("d", "06T12:00"),
    ]);
    let storage = ShipmentJourney::storage();
    let codec = storage.snapshot_codec().unwrap();
    let snapshot = (codec.encode)(&shipment).unwrap();
    assert_eq!((codec.decode)(&snapshot).unwrap(), shipment);
}

#[test]
fn a_command_is_read_from_the_names_of_the_seed() {
    let read = |name, body: &str| ShipmentCommand::parse(name, body.as_bytes()).unwrap().unwrap();
    let scan = r#"{"shipment_id":"s-1","carrier_event_id":"fedex-1","unified_status":"in_transit",
        "occurred_at":"2024-11-05T12:00:00Z","city":"Memphis"}"#;
    assert_eq!(read("RecordScan", scan).id(), "s-1");
    let booking = r#"{"customer_id":"cus-1","carrier":"fedex","service_class":"ground","origin_hub":"MEM",
        "origin_city":"Memphis","destination_city":"Oakland","eta":"2024-11-09T20:00:00Z",
        "booked_at":"2024-11-04T08:00:00Z"}"#;
    assert_eq!(read("BookShipment", booking).id(), "");
}

#[test]
fn a_body_that_is_wrong_is_told_so_by_field() {
    let scan = r#"{"shipment_id":"s-1","carrier_event_id":"fedex-1","unified_status":"teleported",
        "occurred_at":"2024-11-05T12:00:00Z"}"#;
    let wrong = |body: &str| {
        let error = ShipmentCommand::parse("RecordScan", body.as_bytes()).unwrap().unwrap_err();
        error.field.unwrap_or_default()
    };
    assert_eq!(wrong(scan), "unified_status");
    // Booked and cancelled are nothing that a carrier reports.
    assert_eq!(wrong(&scan.replace("teleported", "booked")), "unified_status");
    let scan = scan.replace("teleported", "delivered");
    assert_eq!(wrong(&scan.replace("2024-11-05T12:00:00Z", "yesterday")), "occurred_at");
}

#[test]
fn every_refusal_has_a_code_of_its_own() {
    let kinds = ShipmentRefusal::KINDS.iter().chain(HubRefusal::KINDS);
    let mut codes: Vec<_> = kinds.map(|kind| kind.code).collect();
    assert!(codes.contains(&"parcel.shipment.not-booked"));
    let all = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), all);
    let delivered = ShipmentRefusal::Delivered { delivered_at: at("06T12:00") };
    assert_eq!(delivered.message(), "the shipment was delivered at 2024-11-06T12:00:00.000000Z");
}
