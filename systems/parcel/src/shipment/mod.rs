//! The write side: one aggregate, the journey of a shipment from booking to delivery.
//!
//! [`ShipmentCommand`] goes in; [`ShipmentJourney`] decides; a [`ShipmentEvent`] comes out, or a [`ShipmentRefusal`].
//!
//! What a carrier reports comes from outside: late, twice, out of order. Three rules make of that one story:
//! - a report is known by the carrier's own id, and taken once;
//! - reports are ordered by when they occurred, and by that id where they occurred at once; one that is older than the
//!   latest known is recorded, marked `late`, and moves nothing back;
//! - a delivery or a return closes the journey, whenever it is heard of.
//!
//! Everything here is pure: no clock, no randomness, no I/O.

mod aggregate;
mod commands;
mod events;
mod record;
mod refusals;
mod rules;
mod words;

pub use aggregate::ShipmentJourney;
pub use commands::ShipmentCommand;
pub use events::ShipmentEvent;
pub use record::{Location, Record};
pub use refusals::ShipmentRefusal;
pub use words::{Carrier, CarrierStatus, Movement, ServiceClass, Status};
