use std::path::PathBuf;

use clap::Parser;

/// Measures Watershed, durably, each number beside a raw baseline from the same run.
///
/// What counts is the ratio: absolute numbers move with the machine. Build it with --release.
#[derive(Debug, Parser)]
#[command(name = "bench")]
pub(crate) struct Cli {
    /// Only the cases whose names begin with one of these.
    pub(crate) names: Vec<String>,
    /// Print one JSON document rather than a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show that everything works, in seconds. The numbers then mean nothing.
    #[arg(long)]
    pub(crate) quick: bool,
    /// Print the cases' names and what they measure, and measure nothing.
    #[arg(long)]
    pub(crate) list: bool,
    /// Measure each case so many times and take the median.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// Wait up to so many seconds in all until other processes are quiet, and measure again what they disturbed.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub(crate) patience: u64,
    /// Be a node with these orders: how a case starts processes of its own.
    #[arg(long, hide = true)]
    pub(crate) node: Option<String>,
    /// The folder to write in. It decides which disk is measured.
    #[arg(long, default_value = "bench-data")]
    pub(crate) dir: PathBuf,
}
