//! The views have the seed's columns, and the README says where each comes from.

use std::collections::BTreeSet;

use parcel::views::{CustomerTracking, HubRow, OpsDashboard, ShipmentOperations, ShipmentsByStatus};
use watershed::prelude::*;

const README: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md"));

/// The columns that readers see.
fn columns<R: Row>() -> BTreeSet<String> {
    let schema = schemars::schema_for!(R);
    let fields = schema.get("properties").and_then(|fields| fields.as_object()).unwrap();
    let is_internal = |name: &str| R::COLUMNS.iter().any(|column| column.name == name && column.internal);
    fields.keys().filter(|name| !is_internal(name)).cloned().collect()
}

/// The first cells of the table under the view's heading.
fn documented<R: Row>() -> BTreeSet<String> {
    let (_, section) = README.split_once(&format!("### `{}`\n", R::NAME)).unwrap();
    let section = section.split("\n#").next().unwrap_or_default();
    section.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned())).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn every_column_of_the_seed_is_there() {
    let customer_tracking_view = words(
        "shipment_id customer_id status friendly_status last_event_at last_event_city eta origin_city
         destination_city carrier_display",
    );
    let ops_dashboard_view = words("bucket_date origin_hub service_class status count p95_hours_in_transit");
    assert_eq!(columns::<CustomerTracking>(), customer_tracking_view);
    assert_eq!(columns::<OpsDashboard>(), ops_dashboard_view);
}

#[test]
fn every_column_is_documented() {
    assert_eq!(columns::<CustomerTracking>(), documented::<CustomerTracking>());
    assert_eq!(columns::<OpsDashboard>(), documented::<OpsDashboard>());
    assert_eq!(columns::<ShipmentOperations>(), documented::<ShipmentOperations>());
    assert_eq!(columns::<ShipmentsByStatus>(), documented::<ShipmentsByStatus>());
    assert_eq!(columns::<HubRow>(), documented::<HubRow>());
}
