//! What carriers report, in their own words: what becomes of a line, and of whole files.

use parcel::carrier::{CarrierReport, CarrierReports};
use parcel::shipment::{CarrierStatus, ShipmentCommand};
use parcel::traffic::{Expected, Post, Sent, Traffic};
use parcel::views::{CustomerTracking, HubRow, OpsDashboard, ShipmentOperations};
use watershed::core::ports::ManualClock;
use watershed::core::write::read_record;
use watershed::prelude::*;
use watershed::runtime::{ImportRequest, ImportSummary, PageAsk, Terms};
use watershed_testkit::{Folded, naive_fold, naive_fold_group};

use crate::tell::*;

const LINE: &str = r#"{
    "event_id": "0042", "carrier": "fedex", "tracking_number": "s-1", "occurred_at": "2024-11-05T09:00:00+01:00",
    "status": "AR", "location": {"city": "Memphis", "hub": "MEM", "gate": 7}, "weight": "1.2 kg"
}"#;

fn command(line: &str) -> Result<ShipmentCommand, Misfit> {
    CarrierReports::command(read_record(line.as_bytes())?)
}

#[test]
fn a_line_becomes_a_report_under_the_carriers_name_and_what_it_says_beside_is_left_be() {
    let ShipmentCommand::RecordScan {
        shipment_id,
        carrier_event_id,
        unified_status,
        occurred_at,
        city,
        hub,
        note,
    } = command(LINE).unwrap()
    else {
        panic!("another command")
    };
    assert_eq!((shipment_id.as_str(), carrier_event_id.as_str()), ("s-1", "fedex-0042"));
    assert_eq!((unified_status, occurred_at), (CarrierStatus::ArrivedAtHub, at("05T08:00")));
    assert_eq!((city.as_deref(), hub.as_deref(), note), (Some("Memphis"), Some("MEM"), None));
    let ups = command(&LINE.replace("fedex", "ups")).unwrap();
    assert!(
        matches!(ups, ShipmentCommand::RecordScan { carrier_event_id, .. } if carrier_event_id == "ups-0042")
    );
    let nowhere = LINE.replace(r#""location": {"city": "Memphis", "hub": "MEM", "gate": 7}, "#, "");
    assert!(matches!(command(&nowhere), Ok(ShipmentCommand::RecordScan { city: None, hub: None, .. })));
}

#[test]
fn a_line_that_says_what_ours_has_no_word_for_names_the_field() {
    for (good, bad, field) in [
        ("\"AR\"", "\"XX\"", "status"),
        ("\"0042\"", "\" \"", "event_id"),
        ("\"0042\"", "42", "event_id"),
        ("fedex", "pigeon", "carrier"),
        ("2024-11-05T09:00:00+01:00", "yesterday", "occurred_at"),
        ("\"Memphis\"", "[]", "location.city"),
    ] {
        let misfit = command(&LINE.replace(good, bad)).unwrap_err();
        assert_eq!(misfit.field.as_deref(), Some(field), "{misfit}");
    }
    assert!(command(&LINE.replace("\"AR\"", "\"XX\"")).unwrap_err().problem.contains("PU, DP, IT"));
}

#[test]
fn what_a_carrier_would_have_sent_leads_to_the_same_command() {
    let mut reports = 0;
    for post in Traffic::new(200, 7).posts() {
        for step in post.reports {
            let Sent::Shipment(expected) = step.command else { panic!("a hub") };
            let report = CarrierReport::behind(&expected).unwrap();
            let line = serde_json::to_string(&report).unwrap();
            assert_eq!(command(&line).unwrap(), expected);
            reports += 1;
        }
    }
    assert!(reports > 1_000);
}

async fn start(folder: &tempfile::TempDir) -> Running {
    let stores = watershed::embedded(folder.path()).unwrap();
    parcel::context().policy(AllowAll).clock(ManualClock::at(now())).start(stores).await.unwrap()
}

async fn send_commands(parcel: &Running, post: &Post) {
    for step in &post.commands {
        let ended = match &step.command {
            Sent::Hub(command) => parcel.send(command.clone()).key(&*step.key).await.is_ok(),
            Sent::Shipment(command) => parcel.send(command.clone()).key(&*step.key).await.is_ok(),
        };
        let well = matches!(step.expected, Expected::Accepted | Expected::Replayed);
        assert_eq!(ended, well, "{step:?}");
    }
}

async fn bring(parcel: &Running, lines: &[String]) -> ImportSummary {
    let mut importing = parcel.import("carrier_reports", ImportRequest::default()).unwrap();
    for (place, line) in lines.iter().enumerate() {
        importing.line(place as u64 + 1, line.clone().into_bytes()).await;
    }
    importing.finish().await.unwrap()
}

/// A post's reports as their carriers' file.
fn lines(post: &Post) -> Vec<String> {
    let reports = post.reports.iter().filter_map(|step| match &step.command {
        Sent::Shipment(command) => CarrierReport::behind(command),
        Sent::Hub(_) => None,
    });
    reports.map(|report| serde_json::to_string(&report).unwrap()).collect()
}

/// The stored rows of a view, as callers get them.
async fn rows(parcel: &Running, view: &str, sort: &str) -> Vec<String> {
    let (mut rows, mut after) = (Vec::new(), None);
    let terms = Terms { token: Some(parcel.token()), ..Terms::default() };
    loop {
        let sort = vec![(sort.to_owned(), watershed::core::Direction::Ascending)];
        let page = PageAsk { sort, limit: Some(1_000), after, ..PageAsk::default() };
        let answer = parcel.page_json(view, page, &terms).await.unwrap().value;
        rows.extend(answer.rows.iter().map(|row| row.get().to_owned()));
        match answer.next {
            Some(next) => after = Some(next.to_string()),
            None => return rows,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn played_weeks_that_come_by_the_file_answer_as_the_fold_of_their_log() {
    let folder = tempfile::tempdir().unwrap();
    let parcel = start(&folder).await;
    for post in Traffic::new(300, 7).posts() {
        send_commands(&parcel, &post).await;
        let summary = bring(&parcel, &lines(&post)).await;
        let count =
            |is: fn(&Expected) -> bool| post.reports.iter().filter(|step| is(&step.expected)).count() as u64;
        assert_eq!(summary.taken, count(|expected| *expected == Expected::Accepted), "{summary:?}");
        let again = |expected: &Expected| matches!(expected, Expected::Replayed | Expected::AlreadyTaken);
        assert_eq!(summary.already_taken, count(again), "{summary:?}");
        assert_eq!((summary.lines, summary.malformed_lines), (post.reports.len() as u64, 0));
    }
    let events = parcel.events(&Principal::default(), 0, 100_000).await.unwrap().events;
    let tracking: Folded<CustomerTracking> = naive_fold(&events);
    assert_eq!((tracking.rows().len(), tracking.parked().count()), (300, 0));
    for shipment in tracking.shown() {
        let shipment_id = shipment.shipment_id.clone();
        let question = parcel::queries::TrackShipment { shipment_id: shipment_id.clone() };
        let answer = parcel.ask(question).after(parcel.token()).await.unwrap();
        assert_eq!(answer.value, tracking.read_at(&shipment_id, now()));
    }
    let operations = naive_fold_group::<(HubRow, ShipmentOperations)>(&events);
    let dashboard: Vec<OpsDashboard> = operations.of::<ShipmentOperations>().rollup();
    assert_eq!(rows(&parcel, "ops_dashboard_view", "bucket_date").await.len(), dashboard.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_come_twice_and_backwards_leave_the_same_rows() {
    let posts: Vec<Post> = Traffic::new(120, 7).posts().collect();
    let in_order = tempfile::tempdir().unwrap();
    let parcel = start(&in_order).await;
    for post in &posts {
        send_commands(&parcel, post).await;
        bring(&parcel, &lines(post)).await;
    }
    let expected = rows(&parcel, "customer_tracking_view", "customer_id").await;

    // All bookings first, then all reports of each shipment from its last to its first, all of it twice. What a shipment
    // refuses depends on what it knows; those that a delivery closes have to come before it to be taken.
    let backwards = tempfile::tempdir().unwrap();
    let parcel = start(&backwards).await;
    let mut all = Vec::new();
    for post in &posts {
        for step in &post.commands {
            // A customer's wish is answered by what is known when it comes.
            match &step.command {
                Sent::Hub(command) => drop(parcel.send(command.clone()).await),
                Sent::Shipment(command) if step.expected == Expected::Accepted => {
                    parcel.send(command.clone()).await.unwrap();
                }
                Sent::Shipment(_) => {}
            }
        }
        let taken = post.reports.iter().filter(|step| step.expected == Expected::Accepted).cloned().collect();
        all.extend(lines(&Post { reports: taken, ..post.clone() }));
    }
    all.reverse();
    let first = bring(&parcel, &all).await;
    assert_eq!(first.taken, all.len() as u64, "{first:?}");
    let again = bring(&parcel, &all).await;
    assert_eq!((again.taken, again.already_taken), (0, all.len() as u64));
    assert_eq!(rows(&parcel, "customer_tracking_view", "customer_id").await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_of_a_shipment_that_nobody_has_booked_waits_and_is_taken_after_the_booking() {
    let folder = tempfile::tempdir().unwrap();
    let parcel = start(&folder).await;
    let summary = bring(&parcel, &[LINE.replace('\n', " ")]).await;
    assert_eq!((summary.taken, summary.refused[0].code.as_str()), (0, "parcel.shipment.not-booked"));
    parcel.send(book()).await.unwrap();
    let operator = Principal::default();
    let looked = parcel.retry_import_line(&operator, "carrier_reports", summary.refused[0].kept).await;
    assert_eq!(looked.unwrap(), watershed::runtime::Looked::Taken);
    assert_eq!(parcel.head(), 2);
}
