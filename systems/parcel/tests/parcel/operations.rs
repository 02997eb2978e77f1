//! The operations' rows and what is counted over them, with every number worked out by hand.

use parcel::shipment::{Carrier, Movement, ServiceClass, ShipmentEvent, Status};
use parcel::views::{HubRow, OpsDashboard, ShipmentOperations, ShipmentsByStatus};
use watershed_testkit::{FoldedGroup, Story, date, decimal, project_group};

use crate::tell::*;

fn fold(story: &Story) -> FoldedGroup {
    project_group::<(HubRow, ShipmentOperations)>(story)
}

fn row(events: impl IntoIterator<Item = ShipmentEvent>) -> ShipmentOperations {
    let story = events.into_iter().fold(Story::new(), |story, event| story.on("s-1", event));
    fold(&story).of::<ShipmentOperations>().expect_row("s-1").clone()
}

#[test]
fn a_shipment_shows_every_column() {
    let scan = scanned("e-1", Movement::ArrivedAtHub, "10T09:30", "Reno");
    let story = Story::new().on("MEM", opened("Memphis")).on("s-1", booked()).on("s-1", scan);
    let expected = ShipmentOperations {
        shipment_id: "s-1".into(),
        bucket_date: date("2024-11-04"),
        origin_hub_id: "MEM".into(),
        origin_hub: "Memphis".into(),
        carrier: Carrier::Fedex,
        service_class: ServiceClass::Ground,
        status: Status::ArrivedAtHub,
        booked_at: at("04T08:00"),
        promised_at: at("09T20:00"),
        last_scan_at: Some(at("10T09:30")),
        hours_in_transit: 145, // six days, an hour and a half
        hours_delayed: 37,     // expected a day after the scan, promised for the evening before it
    };
    assert_eq!(fold(&story).of::<ShipmentOperations>().shown(), [&expected]);
}

#[test]
fn hours_in_transit_stand_still_at_the_last_scan() {
    let before = row([booked()]);
    assert_eq!((before.hours_in_transit, before.last_scan_at), (0, None));
    let scan = || scanned("e-2", Movement::InTransit, "06T07:59", "Reno");
    assert_eq!(row([booked(), scan()]).hours_in_transit, 47);
    let then_late = row([booked(), scan(), late(exception("e-1", "05T12:00"))]);
    assert_eq!((then_late.hours_in_transit, then_late.status), (47, Status::InTransit));
    let arrived = row([booked(), scan(), delivered("d", "06T08:00")]);
    assert_eq!(arrived.hours_in_transit, 48);
}

#[test]
fn a_delay_is_counted_from_what_was_promised_and_only_while_something_is_expected() {
    assert_eq!(row([booked(), delivered("d", "09T20:59")]).hours_delayed, 0);
    assert_eq!(row([booked(), delivered("d", "09T21:00")]).hours_delayed, 1);
    let kept = || vec![booked(), exception("e", "10T08:00")];
    assert_eq!(row(kept()).hours_delayed, 60); // expected two days later
    assert_eq!(row([booked(), exception("e", "10T08:00"), cancelled("10T09:00")]).hours_delayed, 0);
    assert_eq!(row([booked(), exception("e", "10T08:00"), returned("r", "12T09:00")]).hours_delayed, 0);
}

/// Twenty shipments from Memphis: one is in transit for each number of days from 1 to 20.
fn twenty() -> Story {
    let start = Story::new().on("MEM", opened("Memphis"));
    (1..=20).fold(start, |story, day| {
        let when = format!("{:02}T08:00", 4 + day);
        let (id, event_id) = (format!("s-{day:02}"), format!("e-{day}"));
        let scan = scanned(&event_id, Movement::InTransit, &when, "Reno");
        story.on(&id, booked()).on(&id, scan)
    })
}

#[test]
fn the_dashboard_shows_every_column_and_the_95th_of_a_hundred() {
    let dashboard: Vec<OpsDashboard> = fold(&twenty()).of::<ShipmentOperations>().rollup();
    let expected = OpsDashboard {
        bucket_date: date("2024-11-04"),
        origin_hub: "Memphis".into(),
        service_class: ServiceClass::Ground,
        status: Status::InTransit,
        count: 20,
        p95_hours_in_transit: Some(19 * 24),
    };
    assert_eq!(dashboard, [expected]);
}

#[test]
fn a_shipment_that_changes_its_status_moves_from_one_group_to_another() {
    // The slowest one arrives, and the others' 95th of a hundred is theirs again.
    let story = twenty().on("s-20", delivered("d", "25T08:00"));
    let dashboard: Vec<OpsDashboard> = fold(&story).of::<ShipmentOperations>().rollup();
    let counted: Vec<_> =
        dashboard.iter().map(|row| (row.status, row.count, row.p95_hours_in_transit)).collect();
    assert_eq!(counted, [(Status::Delivered, 1, Some(21 * 24)), (Status::InTransit, 19, Some(19 * 24))]);
}

#[test]
fn shipments_are_counted_by_status() {
    let story = Story::new()
        .on("s-1", booked())
        .on("s-2", booked())
        .on("s-2", delivered("d-2", "06T08:00"))
        .on("s-3", booked())
        .on("s-3", delivered("d-3", "11T20:00"));
    let counted: Vec<ShipmentsByStatus> = fold(&story).of::<ShipmentOperations>().rollup();
    let row = |status: Status, count, delayed, avg| ShipmentsByStatus {
        status,
        step: status.step(),
        count,
        delayed,
        avg_hours_in_transit: Some(decimal(avg)),
    };
    // 48 and 180 hours.
    let expected = [row(Status::Booked, 1, 0, "0.00"), row(Status::Delivered, 2, 1, "114.00")];
    assert_eq!(counted, expected);
}

#[test]
fn statuses_are_in_the_order_of_their_steps() {
    let steps: Vec<i64> = Status::ALL.iter().map(|status| status.step()).collect();
    assert_eq!(steps, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}
