//! Parcel tracking as it runs: on the embedded stores, from command to answer.

use std::sync::Arc;

use parcel::hub::HubCommand;
use parcel::queries::{
    CountShipmentsByStatus, CustomerShipments, DelayedShipments, GetOpsDashboard, TrackShipment,
};
use parcel::shipment::{CarrierStatus, ShipmentCommand};
use parcel::traffic::{Expected, Sent, Step, Traffic};
use parcel::views::{CustomerTracking, HubRow, OpsDashboard, ShipmentOperations, ShipmentsByStatus};
use watershed::core::StoredEvent;
use watershed::core::ports::ManualClock;
use watershed::prelude::*;
use watershed_testkit::{Folded, date, naive_fold, naive_fold_group};

use crate::tell::*;

async fn start(folder: &tempfile::TempDir) -> Running {
    let stores = watershed::embedded(folder.path()).unwrap();
    parcel::context().policy(AllowAll).clock(ManualClock::at(now())).start(stores).await.unwrap()
}

/// How the step ended, and the token of the receipt where there was one.
async fn send(parcel: &Running, step: &Step) -> (Expected, Option<Token>) {
    let received = |receipt: Receipt| match (receipt.replayed, receipt.events.is_empty()) {
        (true, _) => (Expected::Replayed, Some(receipt.token)),
        (false, true) => (Expected::AlreadyTaken, Some(receipt.token)),
        (false, false) => (Expected::Accepted, Some(receipt.token)),
    };
    match &step.command {
        Sent::Hub(command) => received(parcel.send(command.clone()).key(&*step.key).await.unwrap()),
        Sent::Shipment(command) => match parcel.send(command.clone()).key(&*step.key).await {
            Ok(receipt) => received(receipt),
            Err(SendError::Refused(refusal)) => (Expected::Refused(refusal), None),
            Err(SendError::TagTaken { .. }) => (Expected::TakenElsewhere, None),
            Err(other) => panic!("{}: {other}", step.key),
        },
    }
}

async fn play(parcel: &Running, traffic: Traffic) -> Token {
    let mut last = None;
    for step in traffic {
        let (ended, token) = send(parcel, &step).await;
        assert_eq!(ended, step.expected, "{step:?}");
        last = token.or(last);
    }
    last.unwrap()
}

async fn log(parcel: &Running) -> Vec<Arc<StoredEvent>> {
    parcel.events(&Principal::default(), 0, 100_000).await.unwrap().events
}

/// What every question about operations is answered with.
async fn dashboard(parcel: &Running, token: Token) -> (Vec<OpsDashboard>, Vec<ShipmentsByStatus>) {
    let (from, to) = (date("2024-11-01"), date("2024-12-31"));
    let all = parcel.ask(GetOpsDashboard { from, to, origin_hub: None }).after(token).await.unwrap();
    assert!(all.next.is_none());
    let by_status = parcel.ask(CountShipmentsByStatus {}).after(token).await.unwrap();
    (all.rows.clone(), by_status.rows.clone())
}

/// The dashboard in the order in which it is answered.
fn expected(operations: &Folded<ShipmentOperations>) -> (Vec<OpsDashboard>, Vec<ShipmentsByStatus>) {
    let mut rows: Vec<OpsDashboard> = operations.rollup();
    rows.sort_by(|a, b| {
        let key = |row: &OpsDashboard| (row.origin_hub.clone(), row.key());
        b.bucket_date.cmp(&a.bucket_date).then_with(|| key(a).cmp(&key(b)))
    });
    let mut by_status: Vec<ShipmentsByStatus> = operations.rollup();
    by_status.sort_by_key(|row| row.step);
    (rows, by_status)
}

#[tokio::test(flavor = "multi_thread")]
async fn played_traffic_answers_as_the_fold_of_its_log_and_so_it_does_after_a_rebuild() {
    let folder = tempfile::tempdir().unwrap();
    let parcel = start(&folder).await;
    let token = play(&parcel, Traffic::new(250, 7)).await;
    let events = log(&parcel).await;
    let tracking: Folded<CustomerTracking> = naive_fold(&events);
    let group = naive_fold_group::<(HubRow, ShipmentOperations)>(&events);
    let operations = group.of::<ShipmentOperations>();
    assert_eq!(tracking.rows().len(), 250);

    for shipment in tracking.shown() {
        let shipment_id = shipment.shipment_id.clone();
        let answer =
            parcel.ask(TrackShipment { shipment_id: shipment_id.clone() }).after(token).await.unwrap();
        assert_eq!(answer.value, tracking.read_at(&shipment_id, now()));
    }
    let customer_id = tracking.shown()[0].customer_id.clone();
    let of = parcel.ask(CustomerShipments { customer_id: customer_id.clone() }).after(token).await.unwrap();
    let theirs = tracking.shown().into_iter().filter(|row| row.customer_id == customer_id).count();
    assert_eq!(of.rows.len(), theirs);

    assert_eq!(dashboard(&parcel, token).await, expected(operations));
    let delayed = parcel.ask(DelayedShipments { min_hours: 1 }).after(token).await.unwrap();
    let open = |row: &&ShipmentOperations| row.status.is_open() && row.hours_delayed >= 1;
    assert_eq!(delayed.rows.len(), operations.shown().into_iter().filter(open).count());
    assert!(delayed.rows.is_sorted_by_key(|row| std::cmp::Reverse(row.hours_delayed)));

    parcel.rebuild_and_wait(&Principal::default(), "shipment_operations").await.unwrap();
    assert_eq!(dashboard(&parcel, token).await, expected(operations));
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_that_is_played_again_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let parcel = start(&folder).await;
    play(&parcel, Traffic::new(40, 7)).await;
    let head = parcel.head();
    for step in Traffic::new(40, 7) {
        let (ended, _) = send(&parcel, &step).await;
        assert_ne!(ended, Expected::Accepted, "{step:?}");
    }
    assert_eq!(parcel.head(), head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_hub_is_renamed_in_all_its_shipments_at_one_position() {
    let folder = tempfile::tempdir().unwrap();
    let parcel = start(&folder).await;
    let token = play(&parcel, Traffic::new(150, 7)).await;
    let groups = async |token| {
        let (rows, _) = dashboard(&parcel, token).await;
        let of = |hub: &str| {
            let rows = rows.iter().filter(|row| row.origin_hub == hub);
            rows.map(|row| (row.bucket_date, row.service_class, row.status, row.count)).collect::<Vec<_>>()
        };
        (of("Dallas"), of("Big D"))
    };
    let (before, nobody) = groups(token).await;
    assert!(before.len() > 5 && nobody.is_empty());
    let command = HubCommand::RenameHub { hub_id: "DFW".into(), name: "Big D".into() };
    let renamed = parcel.send(command).await.unwrap();
    assert_eq!(groups(renamed.token).await, (Vec::new(), before));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_taken_once_for_ever_and_told_apart_from_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let parcel = start(&folder).await;
    let other = |mut command: ShipmentCommand| {
        match &mut command {
            ShipmentCommand::BookShipment { shipment_id, .. }
            | ShipmentCommand::RecordScan { shipment_id, .. }
            | ShipmentCommand::CancelShipment { shipment_id, .. } => *shipment_id = "s-2".into(),
        }
        command
    };
    let report = || report("fedex-1", CarrierStatus::PickedUp, "04T12:00", "Memphis");
    parcel.send(book()).await.unwrap();
    parcel.send(other(book())).await.unwrap();
    assert_eq!(parcel.send(report()).await.unwrap().events.len(), 1);
    parcel.close().await;

    let parcel = start(&folder).await;
    // The same shipment: a receipt that names no event. Another one: the log says no.
    assert_eq!(parcel.send(report()).await.unwrap().events.len(), 0);
    let elsewhere = parcel.send(other(report())).await.unwrap_err();
    assert!(matches!(&elsewhere, SendError::TagTaken { tag } if *tag.value == *"fedex-1"), "{elsewhere:?}");
    assert_eq!(parcel.head(), 3);
}
