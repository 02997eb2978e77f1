use watershed::runtime::Context;

use crate::carrier::CarrierReports;
use crate::hub::Hub;
use crate::queries::{
    CountShipmentsByStatus, CustomerShipments, DelayedShipments, GetOpsDashboard, TrackShipment,
};
use crate::shipment::ShipmentJourney;
use crate::views::{CustomerTracking, HubRow, OpsDashboard, ShipmentOperations, ShipmentsByStatus};

/// Parcel tracking as a bounded context, ready to be started once its host has said who may do what:
/// `parcel::context().policy(AllowAll)` allows everything to everybody.
///
/// The customers' rows have a checkpoint of their own. The operations' rows share one with the hubs, whose names they bear.
pub fn context() -> Context {
    Context::new("parcel")
        .aggregate::<ShipmentJourney>()
        .aggregate::<Hub>()
        .import::<CarrierReports>()
        .read_models::<(CustomerTracking,)>()
        .group::<(HubRow, ShipmentOperations)>()
        .rollups::<(OpsDashboard, ShipmentsByStatus)>()
        .queries::<(TrackShipment, CustomerShipments, GetOpsDashboard, DelayedShipments, CountShipmentsByStatus)>()
}
