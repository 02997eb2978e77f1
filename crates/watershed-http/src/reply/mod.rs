//! What goes back to the caller: bodies, JSON, and the headers that say how fresh an answer is.

mod body;
mod freshness;
mod json;

pub use body::Body;
pub(crate) use freshness::{Names, contract_value, freshness, token_value, value_of};
pub(crate) use json::{as_json, json, page, raw, text};

/// A response with our body.
pub(crate) type Reply = http::Response<Body>;
