//! A product catalog: what is sold, in which category, for how much, and how much of it lies where.
//!
//! One bounded context of Watershed, and the example to read third:
//!
//! - [`product`]: the write side of a product, with its stock;
//! - [`category`]: the write side of a category;
//! - [`tables`]: the tables that both stand in, on SQLite and on PostgreSQL;
//! - [`views`]: the read side, two read models in one group, and a rollup;
//! - [`queries`]: the questions, by their names in the business;
//! - [`context()`]: all of it put together;
//! - [`season`]: a made-up season, for demos.
//!
//! Nothing here does I/O. `README.md` says what stands in which table and where each column comes from.

pub mod category;
mod checks;
mod context;
pub mod product;
pub mod queries;
pub mod season;
pub mod tables;
pub mod views;

pub use context::context;
