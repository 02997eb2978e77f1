//! The runtime on the embedded stores: what a domain author and an operator rely on, end to end.

mod bank;
mod beside_the_log;
mod commands;
mod kills;
mod questions;
mod rebuilds;
mod rows_equal_the_fold;
mod shop;
mod troubles;
