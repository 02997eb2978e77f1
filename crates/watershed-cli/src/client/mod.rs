//! How commands speak to the API: over a connection, or without a network to the same API in this process.

mod answer;
mod connection;
mod door;
mod reach;

pub use answer::{Answer, CallError};
pub use connection::Client;
pub(crate) use door::Door;
pub(crate) use reach::reach;
