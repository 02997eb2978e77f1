use watershed::prelude::*;

use super::{Carrier, Location, Movement, ServiceClass};

/// What can happen to a shipment. What a decision knew, its event says: no fold has to look anything up.
///
/// Some of it we do, and some the carrier reports, so the names have no common prefix: each is written in full.
#[derive(Event, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[event(category = "shipment")]
pub enum ShipmentEvent {
    /// It was booked.
    #[event(name = "shipping.shipment.booked.v1")]
    Booked {
        /// Whose shipment it is.
        customer_id: String,
        /// Who carries it.
        carrier: Carrier,
        /// How fast.
        service_class: ServiceClass,
        /// The code of the hub where it starts.
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
    /// The carrier scanned it on its way.
    #[event(name = "carrier.scan.v1")]
    Scanned {
        /// The carrier's own id of the report.
        #[tag(once)]
        carrier_event_id: String,
        /// What the scan tells.
        unified_status: Movement,
        /// When.
        occurred_at: Timestamp,
        /// Where.
        location: Location,
        /// What the carrier says about it.
        note: Option<Personal<String>>,
        /// Whether something that happened later was known already.
        late: bool,
    },
    /// It is on the van that brings it to the door.
    #[event(name = "carrier.out-for-delivery.v1")]
    OutForDelivery {
        /// The carrier's own id of the report.
        #[tag(once)]
        carrier_event_id: String,
        /// When.
        occurred_at: Timestamp,
        /// Where.
        location: Location,
        /// What the carrier says about it.
        note: Option<Personal<String>>,
        /// Whether something that happened later was known already.
        late: bool,
    },
    /// Something keeps it.
    #[event(name = "carrier.exception.v1")]
    ExceptionRaised {
        /// The carrier's own id of the report.
        #[tag(once)]
        carrier_event_id: String,
        /// When.
        occurred_at: Timestamp,
        /// Where.
        location: Location,
        /// What keeps it.
        note: Option<Personal<String>>,
        /// Whether something that happened later was known already.
        late: bool,
    },
    /// It was handed over.
    #[event(name = "shipping.shipment.delivered.v1")]
    Delivered {
        /// The carrier's own id of the report.
        #[tag(once)]
        carrier_event_id: String,
        /// When.
        occurred_at: Timestamp,
        /// Where.
        location: Location,
        /// Who took it.
        note: Option<Personal<String>>,
        /// Whether something that happened later was known already.
        late: bool,
    },
    /// It was given back to whoever sent it.
    #[event(name = "shipping.shipment.returned.v1")]
    Returned {
        /// The carrier's own id of the report.
        #[tag(once)]
        carrier_event_id: String,
        /// When.
        occurred_at: Timestamp,
        /// Where.
        location: Location,
        /// Why.
        note: Option<Personal<String>>,
        /// Whether something that happened later was known already.
        late: bool,
    },
    /// The customer cancelled it.
    #[event(name = "shipping.shipment.cancelled.v1")]
    Cancelled {
        /// When.
        cancelled_at: Timestamp,
        /// Why.
        reason: Option<String>,
    },
}
