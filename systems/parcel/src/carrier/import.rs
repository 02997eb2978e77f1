use watershed::prelude::*;

use super::{CarrierReport, Code};
use crate::shipment::ShipmentCommand;

/// Takes in what carriers report. One report is taken once, in whatever order, in however many files and however often it
/// comes.
pub struct CarrierReports;

impl Import for CarrierReports {
    type Record = CarrierReport;
    type Command = ShipmentCommand;
    const NAME: &'static str = "carrier_reports";
    const DOC: &'static str = "What carriers report of shipments, a line a report.";

    /// The carrier's name before its number: two carriers may use one number for two things.
    fn id(record: &CarrierReport) -> String {
        format!("{}-{}", record.carrier, record.event_id)
    }

    fn command(record: CarrierReport) -> Result<ShipmentCommand, Misfit> {
        if record.event_id.trim().is_empty() {
            return Err(Misfit::of("event_id", "is needed: a report is known by it for ever"));
        }
        let Some(code) = Code::of(&record.status) else {
            let letters: String = record.status.chars().take(20).collect();
            return Err(Misfit::of("status", format!("`{letters}` is none of {}", Code::known())));
        };
        let carrier_event_id = Self::id(&record);
        let place = record.location.unwrap_or_default();
        Ok(ShipmentCommand::RecordScan {
            shipment_id: record.tracking_number,
            carrier_event_id,
            unified_status: code.status(),
            occurred_at: record.occurred_at,
            city: place.city,
            hub: place.hub,
            note: record.remark,
        })
    }
}
