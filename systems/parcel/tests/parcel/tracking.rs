use parcel::shipment::{Movement, ServiceClass, ShipmentEvent, Status};
use parcel::views::CustomerTracking;
use watershed_testkit::{Folded, Story, project};

use crate::tell::*;

fn fold(events: impl IntoIterator<Item = ShipmentEvent>) -> Folded<CustomerTracking> {
    project(events.into_iter().fold(Story::new(), |story, event| story.on("s-1", event)))
}

fn row(events: impl IntoIterator<Item = ShipmentEvent>) -> CustomerTracking {
    fold(events).expect_row("s-1").clone()
}

/// The status in a customer's words, as of that time.
fn friendly(events: impl IntoIterator<Item = ShipmentEvent>, now: &str) -> String {
    fold(events).read_at("s-1", at(now)).unwrap().friendly_status
}

#[test]
fn customer_tracking_shows_every_column() {
    let events = [booked(), scanned("e-1", Movement::ArrivedAtHub, "06T12:00", "Dallas")];
    let expected = CustomerTracking {
        shipment_id: "s-1".into(),
        customer_id: "cus-1".into(),
        status: Status::ArrivedAtHub,
        friendly_status: "Arriving tomorrow".into(),
        last_event_at: at("06T12:00"),
        last_event_city: Some("Dallas".into()),
        eta: Some(at("09T20:00")),
        origin_city: "Memphis".into(),
        destination_city: "Oakland".into(),
        carrier_display: "FedEx Ground".into(),
        service_class: ServiceClass::Ground,
        promised_at: at("09T20:00"),
    };
    assert_eq!(fold(events).read_at("s-1", at("08T09:00")), Some(expected));
}

#[test]
fn a_booking_is_shown_before_the_carrier_has_said_a_word() {
    let row = row([booked()]);
    assert_eq!((row.status, row.last_event_at), (Status::Booked, at("04T08:00")));
    assert_eq!((row.last_event_city, row.eta), (None, Some(at("09T20:00"))));
}

#[test]
fn a_late_report_is_recorded_and_moves_nothing_back() {
    let on_time = vec![booked(), scanned("e-2", Movement::ArrivedAtHub, "06T12:00", "Dallas")];
    let mut with_late = on_time.clone();
    with_late.push(late(exception("e-1", "05T12:00")));
    assert_eq!(row(on_time), row(with_late));
}

#[test]
fn a_delivery_closes_the_row_even_where_a_later_scan_was_heard_of_first() {
    let row = row([
        booked(),
        scanned("e-1", Movement::InTransit, "08T12:00", "Reno"),
        late(delivered("d", "08T10:00")),
    ]);
    assert_eq!((row.status, row.last_event_at), (Status::Delivered, at("08T10:00")));
    assert_eq!((row.last_event_city.as_deref(), row.eta), (Some("Oakland"), Some(at("08T10:00"))));
}

#[test]
fn the_expected_time_follows_the_reports() {
    let after = |event| row([booked(), event]).eta;
    let ground = |when: &str| Some(at(when));
    // Early enough: as promised. Too late for that: a day from the last scan.
    assert_eq!(after(scanned("e", Movement::InTransit, "08T19:00", "Reno")), ground("09T20:00"));
    assert_eq!(after(scanned("e", Movement::InTransit, "09T10:00", "Reno")), ground("10T10:00"));
    assert_eq!(after(exception("e", "09T10:00")), ground("11T10:00"));
    // On the van: the same day, whatever was promised.
    assert_eq!(after(out_for_delivery("e", "07T07:00")), ground("07T15:00"));
    assert_eq!(after(delivered("e", "07T14:00")), ground("07T14:00"));
    assert_eq!(after(returned("e", "12T14:00")), None);
    assert_eq!(after(cancelled("05T09:00")), None);
}

#[test]
fn a_status_is_put_in_words_as_of_the_day_of_the_question() {
    assert_eq!(friendly([booked()], "04T09:00"), "Arriving on 2024-11-09");
    assert_eq!(friendly([booked()], "08T23:59"), "Arriving tomorrow");
    assert_eq!(friendly([booked()], "09T00:00"), "Arriving today");
    // Nothing was heard, and the day has passed.
    assert_eq!(friendly([booked()], "10T00:00"), "Delayed");
    let on_the_van = || [booked(), out_for_delivery("e", "09T07:00")];
    assert_eq!(friendly(on_the_van(), "09T08:00"), "Out for delivery, arriving today");
    let kept = || [booked(), exception("e", "08T21:00")];
    assert_eq!(friendly(kept(), "09T08:00"), "Delayed, now arriving tomorrow");
    assert_eq!(friendly(kept(), "08T22:00"), "Delayed, now arriving on 2024-11-10");
    let arrived = || [booked(), delivered("d", "09T14:00")];
    assert_eq!(friendly(arrived(), "09T15:00"), "Delivered today");
    assert_eq!(friendly(arrived(), "10T15:00"), "Delivered yesterday");
    assert_eq!(friendly(arrived(), "20T15:00"), "Delivered on 2024-11-09");
    assert_eq!(friendly([booked(), returned("r", "14T15:00")], "15T00:00"), "Returned to sender");
    assert_eq!(friendly([booked(), cancelled("05T15:00")], "15T00:00"), "Cancelled");
}

#[test]
fn a_cancelled_shipment_stays_cancelled_until_the_carrier_is_done_with_it() {
    let stopped = vec![booked(), cancelled("05T09:00")];
    let moved = || {
        let mut events = stopped.clone();
        events.push(scanned("e", Movement::InTransit, "06T09:00", "Reno"));
        events
    };
    let seen = row(moved());
    assert_eq!((seen.status, seen.last_event_at, seen.eta), (Status::Cancelled, at("06T09:00"), None));
    assert_eq!(seen.last_event_city.as_deref(), Some("Reno"));
    let mut arrived = moved();
    arrived.push(delivered("d", "08T10:00"));
    assert_eq!(row(arrived).status, Status::Delivered);
    // What happened before the cancellation, but was heard of after it, does not hide when that was.
    let mut heard_after = stopped.clone();
    heard_after.push(scanned("e", Movement::PickedUp, "04T12:00", "Memphis"));
    assert_eq!(row(heard_after).last_event_at, at("05T09:00"));
}

#[test]
fn an_event_before_the_booking_parks_the_shipment_rather_than_drifting() {
    assert_eq!(fold([delivered("d", "08T10:00")]).parked().count(), 1);
}

#[test]
fn every_carrier_and_service_is_shown_as_customers_know_it() {
    use parcel::shipment::Carrier;

    let shown: Vec<String> = Carrier::ALL
        .iter()
        .zip(ServiceClass::ALL)
        .map(|(carrier, service)| format!("{} {}", carrier.display(), service.display()))
        .collect();
    assert_eq!(shown, ["FedEx Economy", "UPS Ground", "USPS Express", "DHL Overnight"]);
}
