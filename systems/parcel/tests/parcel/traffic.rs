use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use parcel::hub::{Hub, HubEvent};
use parcel::shipment::{ShipmentCommand, ShipmentEvent, ShipmentJourney, Status};
use parcel::traffic::{Expected, Sent, Step, Traffic};
use parcel::views::{CustomerTracking, HubRow, OpsDashboard, ShipmentOperations, ShipmentsByStatus};
use watershed::core::{Command, Cx};
use watershed::prelude::*;
use watershed_testkit::{Story, date, project, project_group, timestamp};

/// A log as simple as it can be: it knows keys, the ids of reports, shipments and hubs.
#[derive(Default)]
struct Parcel {
    shipments: HashMap<String, ShipmentJourney>,
    hubs: HashMap<String, Hub>,
    keys: HashMap<String, Sent>,
    tags: HashSet<String>,
    story: Story,
}

impl Parcel {
    fn send(&mut self, step: &Step) -> Expected {
        if let Some(earlier) = self.keys.get(&step.key) {
            assert_eq!(*earlier, step.command, "{}: another command under the same key", step.key);
            return Expected::Replayed;
        }
        let cx = Cx::new(step.at, Arc::default());
        let ended = match &step.command {
            Sent::Hub(command) => {
                let hub = self.hubs.entry(command.id().to_owned()).or_default();
                for event in hub.decide(command, &cx).unwrap() {
                    hub.evolve(&event);
                    self.story =
                        std::mem::take(&mut self.story).at(step.at).on::<HubEvent>(command.id(), event);
                }
                Expected::Accepted
            }
            Sent::Shipment(command) => self.send_to_shipment(step.at, command, &cx),
        };
        if ended == Expected::Accepted {
            self.keys.insert(step.key.clone(), step.command.clone());
        }
        ended
    }

    fn send_to_shipment(&mut self, at: Timestamp, command: &ShipmentCommand, cx: &Cx) -> Expected {
        let shipment = self.shipments.entry(command.id().to_owned()).or_default();
        let events = match shipment.decide(command, cx) {
            Ok(events) => events,
            Err(refusal) => return Expected::Refused(refusal),
        };
        let Some(event) = events.into_iter().next() else { return Expected::AlreadyTaken };
        let mut tags = Vec::new();
        event.tags(&mut |tag| tags.push(tag.to_string()));
        if tags.iter().any(|tag| self.tags.contains(tag)) {
            return Expected::TakenElsewhere;
        }
        self.tags.extend(tags);
        shipment.evolve(&event);
        self.story = std::mem::take(&mut self.story).at(at).on::<ShipmentEvent>(command.id(), event);
        Expected::Accepted
    }
}

#[test]
fn every_step_ends_as_it_says() {
    for seed in [7, 8] {
        let mut parcel = Parcel::default();
        for step in Traffic::new(3_000, seed) {
            assert_eq!(parcel.send(&step), step.expected, "{step:?}");
        }
    }
}

#[test]
fn traffic_is_the_same_in_every_run_and_other_traffic_with_another_seed() {
    assert!(Traffic::new(60, 7).eq(Traffic::new(60, 7)));
    assert!(Traffic::new(60, 7).ne(Traffic::new(60, 8)));
}

#[test]
fn steps_come_in_the_order_of_time_until_the_last_report_has_arrived() {
    let mut last = timestamp("2023-03-01T00:00:00Z");
    let mut booked = 0;
    for step in Traffic::starting_on(date("2023-03-01"), 300, 7) {
        assert!(step.at >= last, "{step:?}");
        last = step.at;
        booked += u32::from(matches!(step.command, Sent::Shipment(ShipmentCommand::BookShipment { .. })));
    }
    assert_eq!(booked, 300);
    assert!((date("2023-03-28")..date("2023-05-01")).contains(&last.date()), "{last}");
}

#[test]
fn fewer_shipments_than_days_and_none_at_all_are_traffic_too() {
    for shipments in [0, 1, 5] {
        let booked = Traffic::new(shipments, 7)
            .filter(|step| matches!(step.command, Sent::Shipment(ShipmentCommand::BookShipment { .. })));
        assert_eq!(booked.count(), shipments as usize);
    }
}

#[test]
fn four_weeks_of_two_thousand_shipments_have_everything_that_a_demo_shows() {
    let mut parcel = Parcel::default();
    let (mut ends, mut refused) = (HashMap::new(), HashSet::new());
    for step in Traffic::new(2_000, 7) {
        parcel.send(&step);
        *ends.entry(std::mem::discriminant(&step.expected)).or_insert(0) += 1;
        if let Expected::Refused(refusal) = step.expected {
            refused.insert(refusal.kind().code);
        }
    }
    assert_eq!(ends.len(), 5, "{ends:?}");
    assert!(ends.values().all(|count| *count >= 3), "{ends:?}");
    assert_eq!(refused.len(), 4, "{refused:?}");

    let story = &parcel.story;
    assert!((14_000..22_000).contains(&story.events().len()), "{} events", story.events().len());
    let decoded = |event| watershed::core::event::decode::<ShipmentEvent>(event).ok();
    let late = story
        .events()
        .iter()
        .filter_map(|event| decoded(event))
        .filter(|event| event.data.record().is_some_and(|record| record.late));
    let late = late.count();
    assert!((200..2_000).contains(&late), "{late} late reports");

    let tracking = project::<CustomerTracking>(story);
    assert_eq!((tracking.rows().len(), tracking.parked().count()), (2_000, 0));
    let group = project_group::<(HubRow, ShipmentOperations)>(story);
    let operations = group.of::<ShipmentOperations>();
    assert_eq!((operations.rows().len(), operations.parked().count()), (2_000, 0));
    let count =
        |is: fn(&ShipmentOperations) -> bool| operations.shown().into_iter().filter(|row| is(row)).count();
    assert!(count(|row| row.status == Status::Delivered) > 1_800);
    assert!(count(|row| row.status == Status::Returned) > 10);
    assert!(count(|row| row.status == Status::Cancelled) > 20);
    assert!(count(|row| row.status.is_open()) > 5);
    let late = count(|row| row.hours_delayed > 0);
    assert!((50..600).contains(&late), "{late} of 2000 later than promised");
    assert!(count(|row| row.origin_hub == "Memphis World Hub") > 100);

    let dashboard: Vec<OpsDashboard> = operations.rollup();
    assert_eq!(dashboard.iter().map(|row| row.count).sum::<u64>(), 2_000);
    let by_status: Vec<ShipmentsByStatus> = operations.rollup();
    assert!(by_status.len() >= 4, "{by_status:?}");
}
