//! The coop as the cases use it: on an empty folder of its own, with families in it.

mod commands;
mod computed;
mod history;
mod rollups;
mod service;
mod stage;

pub(crate) use commands::{enroll, family, halves, key, mixed, payment, risen, risk};
pub(crate) use history::{History, write_history, write_turns};
pub(crate) use service::{Coop, Views};
pub(crate) use stage::Stage;
