use parcel::queries::{
    CountShipmentsByStatus, CustomerShipments, DelayedShipments, GetOpsDashboard, TrackShipment,
};
use parcel::shipment::{Movement, ShipmentEvent};
use parcel::views::{HubRow, ShipmentOperations};
use watershed::core::read::Plan;
use watershed::core::{Ask, ColumnType, Direction, NamedQuery, Value};
use watershed::prelude::*;
use watershed_testkit::{Story, date, fulfils, project_group};

use crate::tell::*;

/// The question that a caller asks with these parameters.
fn ask<Q: Query>(parameters: &str) -> Ask {
    serde_json::from_str::<Q>(parameters).unwrap().ask().into_ask()
}

#[test]
fn every_question_has_its_name_in_the_business() {
    assert_eq!(TrackShipment::NAME, "track_shipment");
    assert_eq!(CustomerShipments::NAME, "customer_shipments");
    assert_eq!(GetOpsDashboard::NAME, "ops_dashboard");
    assert_eq!(DelayedShipments::NAME, "delayed_shipments");
    assert_eq!(CountShipmentsByStatus::NAME, "shipments_by_status");
}

#[test]
fn a_shipment_is_tracked_by_its_id() {
    let ask = ask::<TrackShipment>(r#"{"shipment_id":"s-1"}"#);
    assert_eq!((ask.view, ask.key.unwrap().as_str()), ("customer_tracking_view", "s-1"));
}

#[test]
fn a_customers_shipments_come_with_the_latest_news_first() {
    let ask = ask::<CustomerShipments>(r#"{"customer_id":"cus-1"}"#);
    assert_eq!(ask.view, "customer_tracking_view");
    assert_eq!(ask.sort, [("last_event_at".into(), Direction::Descending)]);
}

#[test]
fn the_dashboard_is_read_from_day_to_day_and_for_one_hub_where_that_is_asked() {
    let table = parcel::views::OpsDashboard::table();
    let is_within = |ask: &Ask, day: &str, hub: &str| {
        let mut values = vec![Value::Null; table.columns.len()];
        values[table.column("bucket_date").unwrap().0] = date(day).to_value();
        values[table.column("origin_hub").unwrap().0] = hub.to_owned().to_value();
        fulfils(&table, &values, &ask.filter).unwrap()
    };
    let all = ask::<GetOpsDashboard>(r#"{"from":"2024-11-04","to":"2024-11-05"}"#);
    let days = ["2024-11-03", "2024-11-04", "2024-11-05", "2024-11-06"];
    assert_eq!(days.map(|day| is_within(&all, day, "Memphis")), [false, true, true, false]);
    let one = ask::<GetOpsDashboard>(r#"{"from":"2024-11-04","to":"2024-11-05","origin_hub":"Memphis"}"#);
    assert!(is_within(&one, days[1], "Memphis") && !is_within(&one, days[1], "Dallas"));
}

#[test]
fn delayed_shipments_are_those_that_have_not_arrived() {
    let found = |parameters: &str| {
        let ask = ask::<DelayedShipments>(parameters);
        assert_eq!(ask.sort, [("hours_delayed".into(), Direction::Descending)]);
        // Promised for the 9th at 20:00; the next scan is expected to be a day before the door.
        let story = |id: &'static str, event: ShipmentEvent| [(id, booked()), (id, event)];
        let events = [
            story("on-time", scanned("a", Movement::InTransit, "08T20:00", "Reno")),
            story("two-days", scanned("b", Movement::InTransit, "10T20:00", "Reno")),
            story("nearly", scanned("c", Movement::InTransit, "10T19:59", "Reno")),
            story("arrived-late", delivered("d", "12T20:00")),
            story("given-up", cancelled("12T20:00")),
        ];
        let story = events.into_iter().flatten().fold(Story::new(), |story, (id, event)| story.on(id, event));
        let group = project_group::<(HubRow, ShipmentOperations)>(story);
        let rows = group.of::<ShipmentOperations>().shown();
        let table = ShipmentOperations::table();
        rows.into_iter()
            .filter(|row| fulfils(&table, &row.to_values().unwrap(), &ask.filter).unwrap())
            .map(|row| row.shipment_id.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(found("{}"), ["two-days"]);
    assert_eq!(found(r#"{"min_hours":47}"#), ["nearly", "two-days"]);
    assert_eq!(found(r#"{"min_hours":0}"#), ["nearly", "on-time", "two-days"]);
}

#[test]
fn shipments_are_counted_from_booked_to_delivered() {
    let ask = ask::<CountShipmentsByStatus>("{}");
    assert_eq!(ask.sort, [("step".into(), Direction::Ascending)]);
}

/// A question over a column that no index serves would be refused when the context starts.
#[test]
fn every_question_filters_and_sorts_by_declared_columns() {
    fn check<Q: Query>(parameters: &str) {
        let table = <<Q::Answer as Plan>::Row as Row>::table();
        let ask = ask::<Q>(parameters);
        let in_an_index = |name: &str| {
            table.indexes.iter().any(|index| index.columns.iter().any(|(column, _)| *column == name))
        };
        let declared = |name: &str| {
            let (_, column) = table.column(name).unwrap();
            column.is_declared() || in_an_index(name)
        };
        ask.filter.each_column(&mut |name| assert!(declared(name), "{name}"));
        for (name, _) in &ask.sort {
            assert!(declared(name), "{name}");
        }
    }
    check::<CustomerShipments>(r#"{"customer_id":"cus-1"}"#);
    check::<GetOpsDashboard>(r#"{"from":"2024-11-04","to":"2024-11-05","origin_hub":"Memphis"}"#);
    check::<DelayedShipments>("{}");
    check::<CountShipmentsByStatus>("{}");
}
