use watershed::prelude::*;

use super::friendly::friendly_status;
use super::progress::{projected_eta, status_after};
use crate::shipment::{Record, ServiceClass, ShipmentEvent, Status};

/// A shipment as its customer sees it.
#[derive(ReadModel, Serialize, Deserialize, JsonSchema, Debug, Clone, PartialEq)]
#[read_model(
    name = "customer_tracking_view",
    version = 1,
    on(ShipmentEvent),
    index(customer_id, last_event_at desc)
)]
#[contract(owner = "customer care", fresh = operational(1s), reconcile = sample(1h), unknown = park)]
pub struct CustomerTracking {
    /// The shipment.
    #[key(stream)]
    pub shipment_id: String,
    /// Whose shipment it is.
    pub customer_id: String,

    /// How it stands.
    #[index]
    pub status: Status,
    /// The same in a customer's words, as of the answer: `Arriving tomorrow`.
    #[at_read(|r, now| friendly_status(r.status, r.eta, now))]
    pub friendly_status: String,
    /// When that happened which is shown: the booking, the carrier's latest report, or the cancellation.
    pub last_event_at: Timestamp,
    /// The city that the carrier's latest report names.
    pub last_event_city: Option<String>,
    /// When it is expected to arrive, or arrived; empty where it will not.
    pub eta: Option<Timestamp>,

    /// Where it started.
    pub origin_city: String,
    /// Where it goes.
    pub destination_city: String,
    /// Who carries it, and how: `FedEx Ground`.
    pub carrier_display: String,
    /// How fast it is to be.
    #[internal]
    pub service_class: ServiceClass,
    /// Until when it was promised.
    #[internal]
    pub promised_at: Timestamp,
}

impl On<ShipmentEvent> for CustomerTracking {
    fn apply(row: &mut Slot<'_, Self>, event: &Recorded<ShipmentEvent>) -> Applied {
        match &event.data {
            ShipmentEvent::Booked {
                customer_id,
                carrier,
                service_class,
                origin_hub: _,
                origin_city,
                destination_city,
                eta,
                booked_at,
            } => row.put(Self {
                shipment_id: event.stream.id.to_string(),
                customer_id: customer_id.clone(),
                status: Status::Booked,
                friendly_status: String::new(),
                last_event_at: *booked_at,
                last_event_city: None,
                eta: Some(*eta),
                origin_city: origin_city.clone(),
                destination_city: destination_city.clone(),
                carrier_display: format!("{} {}", carrier.display(), service_class.display()),
                service_class: *service_class,
                promised_at: *eta,
            }),
            ShipmentEvent::Cancelled { cancelled_at, .. } => row.get()?.cancel(*cancelled_at),
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

impl CustomerTracking {
    fn cancel(&mut self, cancelled_at: Timestamp) {
        self.status = Status::Cancelled;
        self.last_event_at = self.last_event_at.max(cancelled_at);
        self.eta = None;
    }

    fn take(&mut self, record: &Record<'_>) {
        self.status = status_after(self.status, record);
        // A cancelled shipment still moves, and what is shown of it then is the later of the two.
        self.last_event_at = match self.status {
            Status::Cancelled => self.last_event_at.max(record.occurred_at),
            _ => record.occurred_at,
        };
        self.last_event_city.clone_from(&record.location.city);
        self.eta = projected_eta(self.promised_at, self.service_class, self.status, record.occurred_at);
    }
}
