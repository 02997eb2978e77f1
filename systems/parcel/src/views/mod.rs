//! The read side: what is shown of shipments, to two audiences.
//!
//! - For customers: [`CustomerTracking`], a row for each shipment.
//! - For operations: [`OpsDashboard`] and [`ShipmentsByStatus`], two rollups over [`ShipmentOperations`], whose rows bear the
//!   name of the hub where the shipment started. It stands in one group with [`HubRow`]: a shipment that is booked finds its
//!   hub's name as of the same position, and a hub that is renamed is renamed in all its shipments.

mod customer_tracking;
mod friendly;
mod hubs;
mod ops_dashboard;
mod progress;
mod shipment_operations;
mod shipments_by_status;

pub use customer_tracking::CustomerTracking;
pub use hubs::HubRow;
pub use ops_dashboard::OpsDashboard;
pub use shipment_operations::ShipmentOperations;
pub use shipments_by_status::ShipmentsByStatus;
