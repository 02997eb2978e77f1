//! The product catalog, tested as it is written: facts and a command in, events or a refusal out; events in, rows out.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod categories;
mod columns;
mod events_lock;
mod products;
mod queries;
mod running;
mod state;
mod stock;
mod tell;
mod views;
