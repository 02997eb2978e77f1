use watershed::prelude::*;

use super::ShipmentOperations;
use crate::shipment::{ServiceClass, Status};

/// The shipments of a day, a hub, a service class and a status, taken together. A shipment that changes its status leaves
/// one row and comes to another; so do all of a hub that is renamed.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "ops_dashboard_view", version = 1, of = ShipmentOperations)]
pub struct OpsDashboard {
    /// The day (UTC) on which they were booked.
    #[group]
    pub bucket_date: Date,
    /// What the hub is called where they started.
    #[group]
    pub origin_hub: String,
    /// How fast they are to be.
    #[group]
    pub service_class: ServiceClass,
    /// How they stand.
    #[group]
    pub status: Status,
    /// How many.
    #[count]
    pub count: u64,
    /// Of a hundred of them, 95 have been in transit for at most so many hours.
    #[quantile(0.95, |r| r.hours_in_transit)]
    pub p95_hours_in_transit: Option<i64>,
}
