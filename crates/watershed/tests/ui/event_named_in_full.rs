use watershed::prelude::*;

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "shipment")]
enum ShipmentEvent {
    #[event(name = "shipping.shipment.booked.v1")]
    Booked,
    #[event(name = "scan")]
    Scanned,
    #[event(name = ".carrier.scan")]
    ScannedAgain,
}

#[derive(Event, Serialize, Deserialize, JsonSchema)]
#[event(category = "shipment")]
enum HalfNamed {
    #[event(name = "shipping.shipment.booked.v1")]
    Booked,
    Scanned,
}

fn main() {}
