use watershed::prelude::*;

use super::HubRow;
use super::progress::{projected_eta, status_after, whole_hours};
use crate::hub::HubEvent;
use crate::shipment::{Carrier, Record, ServiceClass, ShipmentEvent, Status};

/// A shipment as operations count it.
///
/// It moves with events only: how long a shipment has been in transit is counted to its last report, not to now, so that the
/// dashboard over these rows stands still where nothing happens.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(
    name = "shipment_operations",
    version = 1,
    on(ShipmentEvent, HubEvent),
    index(status, hours_delayed desc)
)]
#[contract(owner = "operations", fresh = operational(2s), reconcile = sample(1h), unknown = park)]
pub struct ShipmentOperations {
    /// The shipment.
    #[key]
    pub shipment_id: String,
    /// The day (UTC) on which it was booked.
    #[index]
    pub bucket_date: Date,
    /// The code of the hub where it started.
    #[index]
    pub origin_hub_id: String,
    /// What that hub is called now; its code where no such hub was opened.
    pub origin_hub: String,
    /// Who carries it.
    pub carrier: Carrier,
    /// How fast.
    pub service_class: ServiceClass,
    /// How it stands.
    pub status: Status,

    /// When it was booked.
    pub booked_at: Timestamp,
    /// Until when it was promised.
    #[index]
    pub promised_at: Timestamp,
    /// When the carrier's latest report occurred; empty before the first.
    pub last_scan_at: Option<Timestamp>,
    /// Whole hours from the booking to that report; 0 before the first.
    pub hours_in_transit: i64,
    /// Whole hours by which it arrives, or is expected to arrive, later than promised; 0 where it does not.
    pub hours_delayed: i64,
}

impl On<ShipmentEvent> for ShipmentOperations {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<ShipmentEvent>) -> Applied {
        match &event.data {
            ShipmentEvent::Booked { carrier, service_class, origin_hub, eta, booked_at, .. } => {
                let name = row.of::<HubRow>(origin_hub)?.map_or(origin_hub, |hub| &hub.name).clone();
                row.put(Self {
                    shipment_id: event.stream.id.to_string(),
                    bucket_date: booked_at.date(),
                    origin_hub_id: origin_hub.clone(),
                    origin_hub: name,
                    carrier: *carrier,
                    service_class: *service_class,
                    status: Status::Booked,
                    booked_at: *booked_at,
                    promised_at: *eta,
                    last_scan_at: None,
                    hours_in_transit: 0,
                    hours_delayed: 0,
                });
            }
            ShipmentEvent::Cancelled { .. } => {
                let shipment = row.get()?;
                shipment.status = Status::Cancelled;
                shipment.hours_delayed = 0;
            }
            ShipmentEvent::Scanned { .. }
            | ShipmentEvent::OutForDelivery { .. }
            | ShipmentEvent::ExceptionRaised { .. }
            | ShipmentEvent::Delivered { .. }
            | ShipmentEvent::Returned { .. } => {
                // One that does not count leaves the row as it is.
                if let Some(record) = event.data.record().filter(Record::counts) {
                    row.get()?.take(&record);
                }
            }
        }
        Ok(())
    }
}

/// What a hub is called concerns every shipment that started there, those from before it was opened too.
impl On<HubEvent> for ShipmentOperations {
    fn keys(event: &Recorded<HubEvent>) -> Keys<Self> {
        Keys::Matching(Self::origin_hub_id.eq(event.stream.id.to_string()))
    }

    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<HubEvent>) -> Applied {
        match &event.data {
            HubEvent::Opened { name, .. } | HubEvent::Renamed { name } => {
                row.get()?.origin_hub.clone_from(name);
            }
        }
        Ok(())
    }
}

impl ShipmentOperations {
    fn take(&mut self, record: &Record<'_>) {
        self.status = status_after(self.status, record);
        self.last_scan_at = Some(record.occurred_at);
        self.hours_in_transit = whole_hours(self.booked_at, record.occurred_at);
        let eta = projected_eta(self.promised_at, self.service_class, self.status, record.occurred_at);
        self.hours_delayed = eta.map_or(0, |eta| whole_hours(self.promised_at, eta));
    }
}
