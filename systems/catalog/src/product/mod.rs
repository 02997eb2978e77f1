//! The write side of a product: one aggregate, with its price, its category and its stock in each warehouse.
//!
//! [`ProductCommand`] goes in; [`Product`] decides; a [`ProductEvent`] comes out, or a [`ProductRefusal`]. Its state stands in
//! tables ([`crate::tables`]), saved in the transaction that records the event.
//!
//! Two rules reach beyond one product, and rest on premises:
//! - a SKU is borne by one product of the tenant that is not retired ([`SkuBorne`]);
//! - a product is put into a category that stands ([`crate::category::CategoryStands`]).
//!
//! Everything here is pure: no clock, no randomness, no I/O.

mod aggregate;
mod commands;
mod events;
mod premises;
mod refusals;
mod rules;
mod stock;

pub use aggregate::{Product, ProductStatus};
pub use commands::ProductCommand;
pub use events::ProductEvent;
pub use premises::{Occupants, SkuBorne};
pub use refusals::ProductRefusal;
pub use stock::StockLevel;
