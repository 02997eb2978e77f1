use watershed::prelude::*;

use super::ShipmentOperations;
use crate::shipment::Status;

/// All shipments of one status, taken together.
#[derive(Rollup, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[rollup(name = "shipments_by_status", version = 1, of = ShipmentOperations)]
pub struct ShipmentsByStatus {
    /// How they stand.
    #[group]
    pub status: Status,
    /// The status as a number, from 1 (booked) to 9 (delivered), to sort by: words sort by their letters.
    #[group(|r| r.status.step())]
    pub step: i64,
    /// How many.
    #[count]
    pub count: u64,
    /// How many of them arrive, or are expected to arrive, later than promised.
    #[count(|r| r.hours_delayed > 0)]
    pub delayed: u64,
    /// For how many hours they have been in transit, on average.
    #[avg(|r| r.hours_in_transit)]
    pub avg_hours_in_transit: Option<Decimal>,
}
