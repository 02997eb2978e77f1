//! Whatever a carrier reports, in whatever order and however often: the rows end right.

use std::collections::BTreeMap;
use std::sync::Arc;

use parcel::hub::{Hub, HubCommand};
use parcel::shipment::{
    CarrierStatus, ServiceClass, ShipmentCommand, ShipmentEvent, ShipmentJourney, Status,
};
use parcel::views::{CustomerTracking, HubRow, OpsDashboard, ShipmentOperations};
use proptest::prelude::*;
use proptest::sample::select;
use watershed::core::{Command, Cx};
use watershed::prelude::*;
use watershed_testkit::{FoldedGroup, Story, minutes, project, project_group};

use crate::tell::*;

type Operations = (HubRow, ShipmentOperations);

const MOVING: [CarrierStatus; 5] = [
    CarrierStatus::PickedUp,
    CarrierStatus::InTransit,
    CarrierStatus::ArrivedAtHub,
    CarrierStatus::OutForDelivery,
    CarrierStatus::Exception,
];

fn report_of(shipment: &str, id: String, unified_status: CarrierStatus, turn: u32) -> ShipmentCommand {
    ShipmentCommand::RecordScan {
        shipment_id: shipment.into(),
        carrier_event_id: id,
        unified_status,
        occurred_at: at("04T08:00").plus(minutes(200) * turn),
        city: Some(format!("city-{turn}")),
        hub: None,
        note: None,
    }
}

/// Up to twelve reports of one shipment, at most one of which closes the journey. Several may be of one instant, and some
/// may be from after the closing.
fn some_reports() -> impl Strategy<Value = Vec<ShipmentCommand>> {
    let moving = proptest::collection::vec((select(&MOVING[..]), 0_u32..30), 0..12);
    let closing =
        proptest::option::of((select(&[CarrierStatus::Delivered, CarrierStatus::Returned][..]), 0_u32..30));
    (moving, closing).prop_map(|(moving, closing)| {
        let all = moving.into_iter().chain(closing).enumerate();
        all.map(|(number, (status, hour))| {
            report_of("s-1", format!("e-{:02}", number * 7 % 13), status, hour)
        })
        .collect()
    })
}

/// The reports in the order in which they happened, and in another one in which some come several times.
fn some_arrivals() -> impl Strategy<Value = (Vec<ShipmentCommand>, Vec<ShipmentCommand>)> {
    some_reports().prop_flat_map(|reports| {
        let some = (0..reports.len().max(1)).collect::<Vec<_>>();
        let doubled = proptest::collection::vec(select(some), 0..6);
        (Just(reports), doubled).prop_flat_map(|(reports, doubled)| {
            let again = doubled.into_iter().filter_map(|place| reports.get(place).cloned());
            let arriving: Vec<_> = reports.iter().cloned().chain(again).collect();
            let mut in_order = reports;
            in_order.sort_by_key(|command| match command {
                ShipmentCommand::RecordScan { occurred_at, carrier_event_id, .. } => {
                    (*occurred_at, carrier_event_id.clone())
                }
                _ => unreachable!(),
            });
            (Just(in_order), Just(arriving).prop_shuffle())
        })
    })
}

/// What the log would hold after these commands to shipments; refused ones are left out.
fn played<'a>(mut story: Story, commands: impl IntoIterator<Item = &'a ShipmentCommand>) -> Story {
    let mut shipments: BTreeMap<String, ShipmentJourney> = BTreeMap::new();
    let cx = Cx::new(now(), Arc::default());
    for command in commands {
        let shipment = shipments.entry(command.id().to_owned()).or_default();
        for event in shipment.decide(command, &cx).unwrap_or_default() {
            shipment.evolve(&event);
            story = story.on(command.id(), event);
        }
    }
    story
}

fn one_shipment(first: &[ShipmentCommand], reports: &[ShipmentCommand]) -> Story {
    played(Story::new().on("MEM", opened("Memphis")), first.iter().chain(reports))
}

fn ends(story: &Story) -> (CustomerTracking, ShipmentOperations) {
    let tracking = project::<CustomerTracking>(story);
    let operations = project_group::<Operations>(story);
    assert_eq!(tracking.parked().count(), 0);
    assert_eq!(operations.of::<ShipmentOperations>().parked().count(), 0);
    let shipment = operations.of::<ShipmentOperations>().expect_row("s-1").clone();
    (tracking.expect_row("s-1").clone(), shipment)
}

/// A command to one of four shipments of three hubs.
fn some_command() -> impl Strategy<Value = ShipmentCommand> {
    let reports = (select(CarrierStatus::ALL), 0_u32..60, 0_u32..100);
    (0..4, 0..10, select(&["MEM", "SDF", "ONT"][..]), select(ServiceClass::ALL), reports).prop_map(
        |(shipment, kind, hub, class, (status, id, hour))| {
            let name = format!("s-{shipment}");
            match kind {
                0..3 => {
                    let mut command = book();
                    if let ShipmentCommand::BookShipment { shipment_id, service_class, origin_hub, .. } =
                        &mut command
                    {
                        (*shipment_id, *service_class, *origin_hub) = (name, class, hub.into());
                    }
                    command
                }
                3 => ShipmentCommand::CancelShipment {
                    shipment_id: name,
                    cancelled_at: at("05T00:00"),
                    reason: None,
                },
                _ => report_of(&name, format!("{name}-{id}"), status, hour),
            }
        },
    )
}

fn some_hub_command() -> impl Strategy<Value = HubCommand> {
    (select(&["MEM", "SDF", "ONT"][..]), 0..3, select(&["North", "South", "East"][..])).prop_map(
        |(hub, kind, name)| match kind {
            0 => HubCommand::OpenHub { hub_id: hub.into(), name: name.into(), city: "Memphis".into() },
            _ => HubCommand::RenameHub { hub_id: hub.into(), name: name.into() },
        },
    )
}

/// What the log would hold after hubs and shipments have had their say by turns.
fn some_story() -> impl Strategy<Value = Story> {
    let shipments = proptest::collection::vec(some_command(), 0..100);
    let hubs = proptest::collection::vec((0_usize..100, some_hub_command()), 0..8);
    (shipments, hubs).prop_map(|(commands, hubs)| {
        let cx = Cx::new(now(), Arc::default());
        let mut states: BTreeMap<String, Hub> = BTreeMap::new();
        let mut shipments: BTreeMap<String, ShipmentJourney> = BTreeMap::new();
        let mut story = Story::new();
        for (turn, command) in commands.iter().enumerate() {
            for (_, hub) in hubs.iter().filter(|(when, _)| *when == turn) {
                let state = states.entry(hub.id().to_owned()).or_default();
                for event in state.decide(hub, &cx).unwrap_or_default() {
                    state.evolve(&event);
                    story = story.on(hub.id(), event);
                }
            }
            let shipment = shipments.entry(command.id().to_owned()).or_default();
            for event in shipment.decide(command, &cx).unwrap_or_default() {
                shipment.evolve(&event);
                story = story.on(command.id(), event);
            }
        }
        story
    })
}

fn operations(group: &FoldedGroup) -> Vec<ShipmentOperations> {
    group.of::<ShipmentOperations>().shown().into_iter().cloned().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn reports_in_any_order_and_any_number_end_in_the_same_row((in_order, arriving) in some_arrivals()) {
        let right = ends(&one_shipment(&[book()], &in_order));
        prop_assert_eq!(ends(&one_shipment(&[book()], &arriving)), right);
    }

    #[test]
    fn so_they_do_for_a_shipment_that_was_cancelled((in_order, arriving) in some_arrivals()) {
        let first = [book(), cancel("05T12:00")];
        let right = ends(&one_shipment(&first, &in_order));
        prop_assert_eq!(ends(&one_shipment(&first, &arriving)), right);
    }

    #[test]
    fn the_row_stands_where_the_last_report_does((in_order, arriving) in some_arrivals()) {
        let (tracking, shipment) = ends(&one_shipment(&[book()], &arriving));
        let story = one_shipment(&[book()], &in_order);
        let events: Vec<ShipmentEvent> = story.events().iter().filter(|event| *event.stream.category == *"shipment")
            .map(|event| watershed::core::event::decode::<ShipmentEvent>(event).unwrap().data).collect();
        let records = || events.iter().filter_map(ShipmentEvent::record);
        let last = records().find(|record| record.status.is_closing()).or(records().next_back());
        prop_assert_eq!(tracking.status, last.map_or(Status::Booked, |record| record.status));
        prop_assert_eq!(tracking.last_event_at, last.map_or(at("04T08:00"), |record| record.occurred_at));
        prop_assert_eq!(shipment.last_scan_at, last.map(|record| record.occurred_at));
        prop_assert_eq!(shipment.status, tracking.status);
        let hours = last.map_or(0, |record| record.occurred_at.since(at("04T08:00")).as_secs() / 3_600);
        prop_assert_eq!(shipment.hours_in_transit.unsigned_abs(), hours);
    }

    #[test]
    fn no_history_parks_a_key(story in some_story()) {
        prop_assert_eq!(project::<CustomerTracking>(&story).parked().count(), 0);
        let group = project_group::<Operations>(&story);
        prop_assert_eq!(group.of::<ShipmentOperations>().parked().count(), 0);
        prop_assert_eq!(group.of::<HubRow>().parked().count(), 0);
    }

    #[test]
    fn the_dashboard_is_the_group_of_the_rows(story in some_story()) {
        let group = project_group::<Operations>(&story);
        let rows = operations(&group);
        let mut groups: BTreeMap<_, Vec<i64>> = BTreeMap::new();
        for row in &rows {
            let key = (row.bucket_date, row.origin_hub.clone(), row.service_class.as_str(), row.status.as_str());
            groups.entry(key).or_default().push(row.hours_in_transit);
        }
        let dashboard: Vec<OpsDashboard> = group.of::<ShipmentOperations>().rollup();
        prop_assert_eq!(dashboard.len(), groups.len());
        for row in dashboard {
            let key = (row.bucket_date, row.origin_hub, row.service_class.as_str(), row.status.as_str());
            let hours = groups.get_mut(&key).unwrap();
            hours.sort_unstable();
            let nearest_rank = (hours.len() * 95).div_ceil(100) - 1;
            prop_assert_eq!((row.count, row.p95_hours_in_transit), (hours.len() as u64, Some(hours[nearest_rank])));
        }
    }

    #[test]
    fn every_shipment_bears_the_name_that_its_hub_has_now(story in some_story()) {
        let group = project_group::<Operations>(&story);
        for row in operations(&group) {
            let hub = group.of::<HubRow>().row(&row.origin_hub_id);
            let name = hub.map_or(row.origin_hub_id.clone(), |hub| hub.name.clone());
            prop_assert_eq!(row.origin_hub, name);
        }
    }

    #[test]
    fn customers_and_operations_are_told_the_same(story in some_story()) {
        let tracking = project::<CustomerTracking>(&story);
        for row in operations(&project_group::<Operations>(&story)) {
            prop_assert_eq!(tracking.expect_row(&row.shipment_id).status, row.status);
        }
    }
}
