use parcel::shipment::{CarrierStatus, Movement, ShipmentCommand, ShipmentJourney, ShipmentRefusal as No};
use watershed::prelude::*;
use watershed_testkit::given;

use crate::tell::*;

#[test]
fn each_report_becomes_the_event_of_its_kind() {
    let kinds = [
        (CarrierStatus::PickedUp, scanned("e-1", Movement::PickedUp, "04T12:00", "Oakland")),
        (CarrierStatus::InTransit, scanned("e-1", Movement::InTransit, "04T12:00", "Oakland")),
        (CarrierStatus::ArrivedAtHub, scanned("e-1", Movement::ArrivedAtHub, "04T12:00", "Oakland")),
        (CarrierStatus::OutForDelivery, out_for_delivery("e-1", "04T12:00")),
        (CarrierStatus::Exception, exception("e-1", "04T12:00")),
        (CarrierStatus::Delivered, delivered("e-1", "04T12:00")),
    ];
    for (status, event) in kinds {
        given::<ShipmentJourney>([booked()])
            .at(now())
            .when(report("e-1", status, "04T12:00", "Oakland"))
            .then([event]);
    }
    given::<ShipmentJourney>([booked()])
        .at(now())
        .when(report("e-1", CarrierStatus::Returned, "04T12:00", "Memphis"))
        .then([returned("e-1", "04T12:00")]);
}

#[test]
fn a_report_that_comes_twice_changes_nothing_and_is_no_error() {
    let history = || [booked(), scanned("e-1", Movement::PickedUp, "04T12:00", "Memphis")];
    let again = report("e-1", CarrierStatus::PickedUp, "04T12:00", "Memphis");
    given::<ShipmentJourney>(history()).at(now()).when(again).then_nothing();
    // The first word of the carrier counts, and so it does after the delivery.
    let otherwise = report("e-1", CarrierStatus::Exception, "05T12:00", "Memphis");
    let closed = history().into_iter().chain([delivered("d", "08T10:00")]);
    given::<ShipmentJourney>(closed).at(now()).when(otherwise).then_nothing();
    let delivery = report("d", CarrierStatus::Delivered, "08T10:00", "Oakland");
    given::<ShipmentJourney>([booked(), delivered("d", "08T10:00")]).at(now()).when(delivery).then_nothing();
}

#[test]
fn a_report_that_is_malformed_is_told_apart_from_one_that_was_taken() {
    let with = |place: Option<&str>, place_hub: Option<&str>| {
        let mut command = report("e-1", CarrierStatus::PickedUp, "04T12:00", "Memphis");
        if let ShipmentCommand::RecordScan { city, hub, .. } = &mut command {
            *city = place.map(str::to_owned);
            *hub = place_hub.map(str::to_owned);
        }
        given::<ShipmentJourney>([booked()]).at(now()).when(command)
    };
    with(Some(" "), None).then_refused(No::TextMissing { field: "city" });
    with(None, Some("")).then_refused(No::TextMissing { field: "hub" });
    assert!(with(None, None).decided().is_ok());
    given::<ShipmentJourney>([booked()])
        .at(now())
        .when(report("", CarrierStatus::PickedUp, "04T12:00", "Memphis"))
        .then_refused(No::TextMissing { field: "carrier_event_id" });
}

#[test]
fn a_report_of_something_earlier_is_taken_and_marked_late() {
    let history = || [booked(), scanned("e-2", Movement::ArrivedAtHub, "05T12:00", "Memphis")];
    let earlier = report("e-1", CarrierStatus::PickedUp, "04T12:00", "Memphis");
    let event = late(scanned("e-1", Movement::PickedUp, "04T12:00", "Memphis"));
    given::<ShipmentJourney>(history()).at(now()).when(earlier).then([event]);
    // A late report does not become the latest one.
    let between = report("e-3", CarrierStatus::InTransit, "04T18:00", "Memphis");
    let history =
        history().into_iter().chain([late(scanned("e-1", Movement::PickedUp, "04T12:00", "Memphis"))]);
    let event = late(scanned("e-3", Movement::InTransit, "04T18:00", "Memphis"));
    given::<ShipmentJourney>(history).at(now()).when(between).then([event]);
}

#[test]
fn of_two_reports_of_one_instant_the_same_one_counts_in_either_order() {
    let (a, b) = ("a", "b");
    for (first, second, second_is_late) in [(a, b, false), (b, a, true)] {
        let history = [booked(), scanned(first, Movement::InTransit, "05T12:00", "Memphis")];
        let event = scanned(second, Movement::InTransit, "05T12:00", "Memphis");
        let event = if second_is_late { late(event) } else { event };
        let command = report(second, CarrierStatus::InTransit, "05T12:00", "Memphis");
        given::<ShipmentJourney>(history).at(now()).when(command).then([event]);
    }
}

#[test]
fn a_scan_from_before_the_delivery_is_taken_after_it() {
    let history = || [booked(), delivered("d", "08T10:00")];
    for when in ["08T07:00", "08T10:00"] {
        let command = report("e-9", CarrierStatus::OutForDelivery, when, "Oakland");
        given::<ShipmentJourney>(history())
            .at(now())
            .when(command)
            .then([late(out_for_delivery("e-9", when))]);
    }
}

#[test]
fn nothing_follows_on_a_delivery_or_a_return() {
    let later = || report("e-9", CarrierStatus::InTransit, "08T10:01", "Oakland");
    let refusal = No::Delivered { delivered_at: at("08T10:00") };
    given::<ShipmentJourney>([booked(), delivered("d", "08T10:00")])
        .at(now())
        .when(later())
        .then_refused(refusal);
    let refusal = No::Returned { returned_at: at("08T10:00") };
    given::<ShipmentJourney>([booked(), returned("r", "08T10:00")])
        .at(now())
        .when(later())
        .then_refused(refusal);
}

#[test]
fn a_shipment_arrives_once_wherever_the_second_delivery_lies_in_time() {
    for when in ["07T10:00", "08T10:00", "09T10:00"] {
        for status in [CarrierStatus::Delivered, CarrierStatus::Returned] {
            given::<ShipmentJourney>([booked(), delivered("d", "08T10:00")])
                .at(now())
                .when(report("other", status, when, "Oakland"))
                .then_refused(No::Delivered { delivered_at: at("08T10:00") });
        }
    }
}

#[test]
fn a_delivery_that_is_heard_of_after_a_later_scan_closes_the_journey_all_the_same() {
    let history = || vec![booked(), scanned("e-9", Movement::InTransit, "08T12:00", "Oakland")];
    let delivery = late(delivered("d", "08T10:00"));
    given::<ShipmentJourney>(history())
        .at(now())
        .when(report("d", CarrierStatus::Delivered, "08T10:00", "Oakland"))
        .then([delivery.clone()]);
    given::<ShipmentJourney>(history().into_iter().chain([delivery]))
        .at(now())
        .when(report("e-10", CarrierStatus::InTransit, "08T11:00", "Oakland"))
        .then_refused(No::Delivered { delivered_at: at("08T10:00") });
}

#[test]
fn reports_lie_between_the_booking_and_now() {
    let before = report("e-1", CarrierStatus::PickedUp, "04T07:59", "Memphis");
    let refusal = No::BeforeBooking { field: "occurred_at", booked_at: at("04T08:00") };
    given::<ShipmentJourney>([booked()]).at(now()).when(before).then_refused(refusal);
    let ahead = || report("e-1", CarrierStatus::PickedUp, "04T12:00", "Memphis");
    let an_hour_before: Timestamp = at("04T11:00");
    assert!(given::<ShipmentJourney>([booked()]).at(an_hour_before).when(ahead()).decided().is_ok());
    let refusal = No::InFuture { field: "occurred_at", now: at("04T10:59") };
    given::<ShipmentJourney>([booked()]).at(at("04T10:59")).when(ahead()).then_refused(refusal);
}
