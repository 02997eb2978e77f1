//! The server over a real socket, on real stores: what callers, operators and strangers get.

#![expect(clippy::expect_used, reason = "helpers of tests may panic as tests do")]

mod admin;
mod bad_input;
mod client;
mod commands;
mod fuzz;
mod imports;
mod lending;
mod limits;
mod lists;
mod openapi;
mod pages;
mod questions;
mod reconcile;
mod site;
mod streams;
mod watches;
