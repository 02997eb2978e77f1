//! The real binary, as whoever types its name meets it.

#![expect(clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod browser;
mod demo;
mod imports;
mod nodes;
mod operators;
mod postgres;
mod process;
mod reconcile;
mod tracking;
mod wrong;
