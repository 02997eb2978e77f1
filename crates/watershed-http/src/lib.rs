//! Commands, views, watches, audit trails and the operator's API over HTTP.
//!
//! A [`Server`] is built from running contexts and served on a listener. Requests are routed by one table (`route`), read
//! strictly (`request`), answered by `api`, `admin` and `pages`, and turned down with RFC 9457 documents from one table of
//! [`ProblemKind`]s. The accept loop is our own, because a slow client must be cut off while it still sends its head.
//!
//! Nothing here decides who may do what: the runtime asks each context's authorizer. Who asks is read in one place
//! (`request::principal_of`); until authentication arrives, everybody is anonymous.

mod admin;
mod api;
mod asset;
mod audit;
mod closing;
mod entry;
mod exposure;
mod gauges;
mod hosted;
mod openapi;
mod options;
mod pages;
mod problem;
mod reply;
mod request;
mod route;
mod seats;
mod server;
mod telemetry;

pub use asset::Asset;
pub use audit::{Audit, Fact, Verified};
pub use options::Options;
pub use problem::{ALL as PROBLEM_KINDS, ProblemKind};
pub use reply::Body;
pub use server::{Api, Handle, ServeError, Server};
pub use telemetry::Metrics;
