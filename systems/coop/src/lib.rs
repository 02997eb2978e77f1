//! A homeschool co-op: families enroll, bring children, owe and pay monthly dues; coordinators watch over those that
//! may leave.
//!
//! One bounded context of Watershed, and the example to read first:
//!
//! - [`family`]: the write side, one aggregate;
//! - [`views`]: the read side, three read models and two rollups;
//! - [`queries`]: the questions, by their names in the business;
//! - [`context()`]: all of it put together;
//! - [`year`]: a made-up school year, for demos and benchmarks.
//!
//! Nothing here does I/O. `README.md` says where each column comes from.

mod context;
pub mod family;
pub mod queries;
pub mod views;
pub mod year;

pub use context::context;
