//! The write side of a hub: a place where parcels are sorted. It is opened once, and may be renamed.
//!
//! Small on purpose: it is here because one event of it changes many rows (a renamed hub is renamed in every shipment
//! that started there). The model to read is [`crate::shipment`].

mod aggregate;
mod commands;
mod events;
mod refusals;

pub use aggregate::Hub;
pub use commands::HubCommand;
pub use events::HubEvent;
pub use refusals::HubRefusal;
