use watershed::prelude::*;

use super::{Carrier, CarrierStatus, ServiceClass, ShipmentJourney};

/// What a shipment can be asked to do, or to take note of.
#[derive(Command, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[command(aggregate = ShipmentJourney, id = shipment_id)]
pub enum ShipmentCommand {
    /// Books a shipment with a carrier. An id is made where none is given.
    BookShipment {
        /// The shipment's id, for whoever wants to choose it.
        #[id(generate)]
        shipment_id: String,
        /// Whose shipment it is.
        customer_id: String,
        /// Who carries it.
        carrier: Carrier,
        /// How fast.
        service_class: ServiceClass,
        /// The code of the hub where it starts: `MEM`.
        origin_hub: String,
        /// The city where it starts.
        origin_city: String,
        /// The city where it goes.
        destination_city: String,
        /// Until when it was promised.
        eta: Timestamp,
        /// When it was booked.
        booked_at: Timestamp,
    },
    /// Takes note of what the carrier reports. One report is taken once, however often it comes.
    RecordScan {
        /// The shipment.
        shipment_id: String,
        /// The carrier's own id of the report, unique among all carriers: put the carrier's name before it where it is not.
        carrier_event_id: String,
        /// How the shipment stood then.
        unified_status: CarrierStatus,
        /// When it happened; reports may come in any order.
        occurred_at: Timestamp,
        /// The city where it happened.
        city: Option<String>,
        /// The code of the hub where it happened, if it was in one.
        hub: Option<String>,
        /// What the carrier says about it: what keeps it, why it comes back, who took it.
        note: Option<Personal<String>>,
    },
    /// The customer does not want the shipment any more. Only before it is out for delivery.
    CancelShipment {
        /// The shipment.
        shipment_id: String,
        /// When the customer said so.
        cancelled_at: Timestamp,
        /// Why.
        reason: Option<String>,
    },
}
