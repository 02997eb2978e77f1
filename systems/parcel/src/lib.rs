//! Parcels on their way: customers book shipments, carriers report what happens to them, late, twice and out of order.
//!
//! One bounded context of Watershed, and the example to read second:
//!
//! - [`shipment`]: the write side, the journey of one shipment;
//! - [`hub`]: the write side, a place where parcels are sorted, and its name;
//! - [`carrier`]: the way in for what carriers report, in their own words;
//! - [`views`]: the read side, three read models and two rollups;
//! - [`queries`]: the questions, by their names in the business;
//! - [`pages`]: the page that customers look at;
//! - [`context()`]: all of it put together;
//! - [`traffic`]: some made-up weeks of shipments, for demos and benchmarks.
//!
//! Nothing here does I/O. `README.md` says where each column comes from.

pub mod carrier;
mod checks;
mod context;
pub mod hub;
pub mod pages;
pub mod queries;
pub mod shipment;
pub mod traffic;
pub mod views;

pub use context::context;
