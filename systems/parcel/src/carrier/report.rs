use watershed::prelude::*;

use super::Code;
use crate::shipment::{Carrier, ShipmentCommand};

/// A line of a carrier's file: one thing that the carrier saw. What else a line says is left be.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
pub struct CarrierReport {
    /// The carrier's id of the report, unique among this carrier's reports.
    pub event_id: String,
    /// Who reports.
    pub carrier: Carrier,
    /// What the carrier knows the parcel by: the shipment's id.
    pub tracking_number: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// What happened: `PU` picked up, `DP` departed, `IT` in transit, `AR` arrived, `OD` out for delivery, `DE` exception,
    /// `DL` delivered, `RS` returned.
    pub status: String,
    /// Where it happened.
    pub location: Option<Place>,
    /// What the carrier says about it: what keeps it, why it comes back, who took it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<Personal<String>>,
}

/// Where a carrier saw something.
#[derive(Serialize, Deserialize, JsonSchema, Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The city.
    pub city: Option<String>,
    /// The code of the hub, where it happened in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hub: Option<String>,
}

impl CarrierReport {
    /// The report as its carrier would have sent it. None where the command takes note of no report, or of one whose id does
    /// not begin with a carrier's name.
    #[must_use]
    pub fn behind(command: &ShipmentCommand) -> Option<Self> {
        let ShipmentCommand::RecordScan {
            shipment_id,
            carrier_event_id,
            unified_status,
            occurred_at,
            city,
            hub,
            note,
        } = command
        else {
            return None;
        };
        let (carrier, event_id) = carrier_event_id.split_once('-')?;
        Some(Self {
            event_id: event_id.to_owned(),
            carrier: carrier.parse().ok()?,
            tracking_number: shipment_id.clone(),
            occurred_at: *occurred_at,
            status: Code::saying(*unified_status).letters().to_owned(),
            location: Some(Place { city: city.clone(), hub: hub.clone() }),
            remark: note.clone(),
        })
    }
}
