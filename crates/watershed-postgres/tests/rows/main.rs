//! Rows on PostgreSQL: what the port's suite cannot see.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod long;
mod lost;
mod shared;
mod support;
mod views;
