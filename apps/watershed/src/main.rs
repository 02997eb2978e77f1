//! The watershed binary: hosts the reference systems on embedded stores, plays the demo, and carries the operator's commands.

mod demo;
mod lanes;
mod memory;
mod outcomes;
mod patient;
mod season;
mod tour;
mod weeks;
mod year;

use std::process::ExitCode;

use watershed::prelude::AllowAll;
use watershed_cli::{Asset, Hosted, Program};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The page where customers of parcel tracking see where their parcel is.
const TRACKING: &[Asset] = &[
    Asset::new("track/{id}", "text/html; charset=utf-8", parcel::pages::TRACK_HTML),
    Asset::new("track.css", "text/css; charset=utf-8", parcel::pages::TRACK_CSS),
    Asset::new("track.js", "text/javascript; charset=utf-8", parcel::pages::TRACK_JS),
    Asset::new("track.svg", "image/svg+xml", parcel::pages::TRACK_SVG),
];

fn main() -> ExitCode {
    let program = Program {
        name: "watershed",
        about: "CQRS for Rust: decide once, answer many ways. Hosts a homeschool co-op, parcel tracking and a product catalog as its examples.",
        // Everybody may do everything: the server is reached from this machine only.
        contexts: vec![
            Hosted { name: "coop", make: || coop::context().policy(AllowAll), assets: &[] },
            Hosted { name: "parcel", make: || parcel::context().policy(AllowAll), assets: TRACKING },
            Hosted { name: "catalog", make: || catalog::context().policy(AllowAll), assets: &[] },
        ],
        demo: Box::new(demo::Demonstration),
    };
    watershed_cli::run(&program, std::env::args_os())
}
