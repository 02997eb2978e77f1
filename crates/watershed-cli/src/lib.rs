//! The operator's commands, as a library: a program says what it hosts, and [`run`] does the rest.
//!
//! Every command speaks the HTTP API: to a running server where there is one, otherwise to the same API over the opened data
//! folder, without a network. So there is one way of doing a thing, and what the commands show is what any caller gets.
//!
//! Exit codes: 0 done; 1 done, and what was found is not as it should be; 2 the command line makes no sense; 3 nothing to
//! work on: no server, no data, or a folder that cannot be opened; 4 the server said no.

mod args;
mod client;
mod commands;
mod error;
mod host;
mod logging;
mod output;
mod program;
mod run;
mod settings;

pub use client::{Answer, CallError, Client};
pub use output::{Progress, thousands};
pub use program::{Demo, Hosted, Later, Program, Stage};
pub use run::run;
pub use watershed_http::Asset;
