//! The runtime on the embedded stores: what a domain author and an operator rely on, end to end.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bank;
mod beside_the_log;
mod catalogue;
mod commands;
mod damage;
mod depot;
mod editions;
mod exact;
mod following;
mod growing_old;
mod imports;
mod kills;
mod market;
mod no_return;
mod questions;
mod rebuilds;
mod reconcile;
mod reconcile_parked;
mod reconcile_schedule;
mod rollups;
mod rows_equal_the_fold;
mod shop;
mod slices;
mod spied;
mod stockroom;
mod troubles;
