//! Parcel tracking, tested as it is written: facts and a command in, events or a refusal out; events in, rows out.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod booking;
mod columns;
mod events_lock;
mod histories;
mod hubs;
mod imports;
mod operations;
mod queries;
mod reports;
mod running;
mod state;
mod tell;
mod tracking;
mod traffic;
