use parcel::hub::{Hub, HubCommand, HubEvent, HubRefusal as No};
use parcel::shipment::Status;
use parcel::views::{HubRow, OpsDashboard, ShipmentOperations};
use watershed_testkit::{FoldedGroup, Story, given, project_group};

use crate::tell::*;

const NOTHING: [HubEvent; 0] = [];

fn open(name: &str, city: &str) -> HubCommand {
    HubCommand::OpenHub { hub_id: "MEM".into(), name: name.into(), city: city.into() }
}

fn rename(name: &str) -> HubCommand {
    HubCommand::RenameHub { hub_id: "MEM".into(), name: name.into() }
}

#[test]
fn a_hub_is_opened_once() {
    given::<Hub>(NOTHING).when(open("Memphis", "Memphis")).then([opened("Memphis")]);
    given::<Hub>([opened("Memphis")]).when(open("Other", "Other")).then_refused(No::AlreadyOpen);
    given::<Hub>(NOTHING).when(open(" ", "Memphis")).then_refused(No::TextMissing { field: "name" });
    given::<Hub>(NOTHING).when(open("Memphis", "")).then_refused(No::TextMissing { field: "city" });
}

#[test]
fn a_hub_is_renamed_once_it_is_open_and_to_its_own_name_without_an_event() {
    given::<Hub>(NOTHING).when(rename("World Hub")).then_refused(No::NotOpen);
    given::<Hub>([opened("Memphis")]).when(rename("World Hub")).then([renamed("World Hub")]);
    given::<Hub>([opened("Memphis"), renamed("World Hub")]).when(rename("World Hub")).then_nothing();
    let long = "x".repeat(201);
    let refusal = No::TextTooLong { field: "name", limit: 200 };
    given::<Hub>([opened("Memphis")]).when(rename(&long)).then_refused(refusal);
}

fn fold(story: &Story) -> FoldedGroup {
    project_group::<(HubRow, ShipmentOperations)>(story)
}

fn groups(group: &FoldedGroup) -> Vec<(String, Status, u64)> {
    let rows = group.of::<ShipmentOperations>().rollup::<OpsDashboard>();
    rows.into_iter().map(|row| (row.origin_hub, row.status, row.count)).collect()
}

/// Two shipments from Memphis, one of them delivered, and one from Louisville.
fn three() -> Story {
    Story::new()
        .on("MEM", opened("Memphis"))
        .on("s-1", booked())
        .on("s-2", booked())
        .on("s-3", booked_from("SDF"))
        .on("s-2", delivered("d", "08T10:00"))
}

#[test]
fn a_renamed_hub_is_renamed_in_every_shipment_that_started_there_and_moves_its_groups() {
    let before = fold(&three());
    let memphis = |status, count| ("Memphis".to_owned(), status, count);
    let louisville = ("SDF".to_owned(), Status::Booked, 1);
    let expected = [memphis(Status::Booked, 1), memphis(Status::Delivered, 1), louisville.clone()];
    assert_eq!(groups(&before), expected);

    let after = fold(&three().on("MEM", renamed("World Hub")));
    let world = |status, count| ("World Hub".to_owned(), status, count);
    assert_eq!(groups(&after), [louisville, world(Status::Booked, 1), world(Status::Delivered, 1)]);
    assert_eq!(after.of::<HubRow>().expect_row("MEM").name, "World Hub");
    assert_eq!(after.of::<ShipmentOperations>().parked().count(), 0);
}

#[test]
fn a_shipment_bears_the_name_that_its_hub_had_when_it_was_booked_until_the_next_one() {
    let story = three().on("MEM", renamed("World Hub")).on("s-4", booked());
    let rows = fold(&story);
    assert_eq!(rows.of::<ShipmentOperations>().expect_row("s-4").origin_hub, "World Hub");
}

#[test]
fn a_hub_that_was_never_opened_is_shown_by_its_code_until_it_is() {
    let before = fold(&three());
    assert_eq!(before.of::<ShipmentOperations>().expect_row("s-3").origin_hub, "SDF");
    let after = fold(&three().on("SDF", opened("Louisville")));
    assert_eq!(after.of::<ShipmentOperations>().expect_row("s-3").origin_hub, "Louisville");
    assert_eq!(after.of::<ShipmentOperations>().expect_row("s-1").origin_hub, "Memphis");
}
