//! The co-op, tested as it is written: facts and a command in, events or a refusal out; events in, rows out.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic as tests do")]

mod columns;
mod events_lock;
mod histories;
mod membership;
mod money;
mod payment_analytics;
mod queries;
mod running;
mod scores;
mod state;
mod tell;
mod views;
mod year;
