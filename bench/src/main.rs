//! Durable numbers, each beside a raw baseline that is measured in the same process.
//!
//! A [`cases::Case`] measures; [`run`] does it several times and takes medians; [`table`] prints them. What the raw engine
//! gives without the product stands in [`raw`]. This crate proves nothing about correctness: the tests do.

mod cases;
mod cli;
mod coop;
mod error;
mod http_client;
mod lab;
mod line;
mod load;
mod machine;
mod mix;
mod pg;
mod raw;
mod report;
mod run;
mod stats;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::Cli;

/// What the product's binary allocates with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(orders) = &cli.node {
        return ended(pg::serve(orders).map(|()| ExitCode::SUCCESS));
    }
    ended(report::report(&cli))
}

fn ended(outcome: Result<ExitCode, error::Problem>) -> ExitCode {
    match outcome {
        Ok(code) => code,
        Err(problem) => {
            eprintln!("bench: {problem}");
            ExitCode::FAILURE
        }
    }
}
