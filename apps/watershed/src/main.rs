//! The watershed binary: hosts the reference systems on embedded stores, plays the demo, and carries the operator's commands.

mod year;

use std::process::ExitCode;

use watershed::prelude::AllowAll;
use watershed_cli::{Hosted, Program};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let program = Program {
        name: "watershed",
        about: "CQRS for Rust: decide once, answer many ways. Hosts a homeschool co-op and parcel tracking as its examples.",
        // Everybody may do everything: the server is reached from this machine only.
        contexts: vec![
            Hosted { name: "coop", make: || coop::context().policy(AllowAll) },
            Hosted { name: "parcel", make: || parcel::context().policy(AllowAll) },
        ],
        demo: Box::new(year::SchoolYear),
    };
    watershed_cli::run(&program, std::env::args_os())
}
