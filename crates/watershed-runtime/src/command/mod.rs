//! A command's way: authorize, deduplicate, load, authorize on the state, decide, append, receipt.

mod aggregates;
mod cells;
mod code;
mod decisions;
mod error;
mod handler;
mod in_flight;
mod in_tables;
mod load;
mod premises;
mod request;
mod write_core;

pub(crate) use aggregates::Aggregates;
pub(crate) use decisions::Decisions;
pub use error::{AnyRefusal, SendError};
pub use handler::StateAt;
pub(crate) use handler::{CommandHandler, ErasedHandler, WriteModel, is_name};
pub(crate) use load::{LoadError, fold};
pub use request::Request;
pub(crate) use request::says_beside;
pub(crate) use write_core::{Unwritten, WriteCore, append_for, idempotency, new_events};
