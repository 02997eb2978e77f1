//! The questions about shipments, by their names in the business. Each is a plan: nothing here reads anything.

use watershed::prelude::*;

use crate::shipment::Status;
use crate::views::{CustomerTracking, OpsDashboard, ShipmentOperations, ShipmentsByStatus};

/// Where one shipment is.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "track_shipment")]
pub struct TrackShipment {
    /// The shipment.
    pub shipment_id: String,
}

impl Query for TrackShipment {
    type Answer = One<CustomerTracking>;

    fn ask(&self) -> Self::Answer {
        One::with_key(&self.shipment_id)
    }
}

/// All shipments of one customer, the one with the latest news first.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "customer_shipments")]
pub struct CustomerShipments {
    /// The customer.
    pub customer_id: String,
}

impl Query for CustomerShipments {
    type Answer = Page<CustomerTracking>;

    fn ask(&self) -> Self::Answer {
        Page::of(CustomerTracking::customer_id.eq(&self.customer_id))
            .sort([CustomerTracking::last_event_at.desc()])
    }
}

/// The shipments booked from `from` to `to`, both included, counted by day, hub, service class and status; the latest day
/// first, its hubs by name.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "ops_dashboard")]
pub struct GetOpsDashboard {
    /// The first day (UTC) of booking.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// What the hub is called where they started; all hubs where it is left out.
    pub origin_hub: Option<String>,
}

impl Query for GetOpsDashboard {
    type Answer = Page<OpsDashboard>;

    fn ask(&self) -> Self::Answer {
        let days = OpsDashboard::bucket_date.ge(self.from).and(OpsDashboard::bucket_date.le(self.to));
        let rows = match &self.origin_hub {
            Some(hub) => days.and(OpsDashboard::origin_hub.eq(hub)),
            None => days,
        };
        Page::of(rows).sort([OpsDashboard::bucket_date.desc(), OpsDashboard::origin_hub.asc()]).limit(1_000)
    }
}

/// The shipments that have not arrived and are expected so many hours later than promised; the most delayed first.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "delayed_shipments")]
pub struct DelayedShipments {
    /// The fewest hours of delay that count; 48 where nobody says.
    #[serde(default = "two_days")]
    pub min_hours: i64,
}

fn two_days() -> i64 {
    48
}

impl Query for DelayedShipments {
    type Answer = Page<ShipmentOperations>;

    fn ask(&self) -> Self::Answer {
        let open = Status::ALL.iter().copied().filter(|status| status.is_open());
        let delayed = ShipmentOperations::hours_delayed.ge(self.min_hours);
        Page::of(ShipmentOperations::status.any_of(open).and(delayed))
            .sort([ShipmentOperations::hours_delayed.desc()])
            .limit(1_000)
    }
}

/// How many shipments stand how, from booked to delivered.
#[derive(Query, Deserialize, JsonSchema, Debug, Clone)]
#[query(name = "shipments_by_status")]
pub struct CountShipmentsByStatus {}

impl Query for CountShipmentsByStatus {
    type Answer = Page<ShipmentsByStatus>;

    fn ask(&self) -> Self::Answer {
        Page::all().sort([ShipmentsByStatus::step.asc()])
    }
}
