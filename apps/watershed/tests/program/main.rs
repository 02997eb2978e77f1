//! The real binary, as whoever types its name meets it.

#![expect(clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod demo;
mod operators;
mod process;
mod reconcile;
mod wrong;
